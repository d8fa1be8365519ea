// A thread of the wasm device: a worker whose first message holds the module, its shared memory and the thread's number. It helps with
// every program from then on; what goes wrong is written where the device looks for it.

/** The first message. @typedef {{ module: WebAssembly.Module, memory: WebAssembly.Memory, number: number, abort: number }} Start */

const { process } = /** @type {any} */ (globalThis);
const port = process?.getBuiltinModule?.("node:worker_threads").parentPort ?? globalThis;

port.onmessage = async (/** @type {{ data: Start }} */ { data: { module, memory, number, abort } }) => {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  try {
    /** @type {(number: number) => void} */ (exports.work)(number);
  } catch (error) {
    console.error(error);
    Atomics.store(new Int32Array(memory.buffer), abort / 4, 1);
  }
};
