// The worker in Node.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parentPort, Worker } from "node:worker_threads";
import { ClipError } from "./api.js";
import { serve } from "./program.js";

Object.assign(globalThis, { fs, path }); // Go's script takes them, if they are there, for files on disk
await import("./wasm_exec.js");

const receive = serve({
  post: (answer, transfer) => parentPort!.postMessage(answer, transfer as ArrayBuffer[]),
  compile: async () => WebAssembly.compile(await fs.promises.readFile(new URL("./goclip.wasm", import.meta.url))),
  shipped: () => ({ base: fileURLToPath(new URL(".", import.meta.url)) }),
  thread: () => new Worker(new URL("./thread.js", import.meta.url), { name: "goclip thread" }),
  picture: async (value, decoder) => {
    if (decoder === "browser") {
      throw new ClipError('the decoder "browser" needs a browser: use "goclip"', "unsupported");
    }
    return value;
  },
});
parentPort!.on("message", receive);
