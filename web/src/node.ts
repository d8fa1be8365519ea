// The package in Node.

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { use } from "./platform.js";

use({
  start(receive, fail) {
    // The flags of the program that uses the package, --input-type for one, are not the worker's.
    const worker = new Worker(new URL("./worker_node.js", import.meta.url), { name: "goclip", execArgv: [] });
    worker.unref();
    worker.on("message", receive);
    worker.on("messageerror", () => fail("an answer of the worker cannot be read"));
    worker.on("error", (error) => fail(`the worker failed: ${error}`));
    worker.on("exit", (code) => fail(`the worker ended with status ${code}`));
    return {
      post: (request, transfer) => worker.postMessage(request, transfer as ArrayBuffer[]),
      close: () => void worker.terminate(),
      busy: (awaited) => (awaited ? worker.ref() : worker.unref()),
    };
  },
  address(at) {
    const text = String(at);
    return text.startsWith("file:") ? fileURLToPath(text) : text;
  },
});

export { Classifier, Clip } from "./clip.js";
export { droppedFiles } from "./dropped.js";
export { cosine } from "./rank.js";
export * from "./api.js";
