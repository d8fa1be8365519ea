// The package in a page, a worker or an extension.

import { ClipError } from "./api.js";
import { use } from "./platform.js";

use({
  start(receive, fail) {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "goclip" });
    worker.onmessage = ({ data }) => receive(data);
    worker.onmessageerror = () => fail("an answer of the worker cannot be read");
    worker.onerror = (event) => fail(`the worker failed: ${event.message ?? "its script could not be loaded"}`);
    return {
      post: (request, transfer) => worker.postMessage(request, transfer),
      close: () => worker.terminate(),
      busy: () => {},
    };
  },
  address(at) {
    try {
      return new URL(at, globalThis.document?.baseURI ?? location.href).href;
    } catch {
      throw new ClipError(`${at} is no address`, "invalid-argument");
    }
  },
});

export { Classifier, Clip } from "./clip.js";
export { droppedFiles } from "./dropped.js";
export { cosine } from "./rank.js";
export * from "./api.js";
