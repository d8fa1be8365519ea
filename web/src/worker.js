// Runs goclip.wasm in a worker and answers the requests of clip.js.

import "./wasm_exec.js";

/** @import { Abort, Answer, Call, Load, Request } from "./messages.js" */
/** @import { Classifier, Model, Options } from "./api.js" */

/** Models and classifiers, by the number that the page knows. @type {Map<number, Model | Classifier>} */
const objects = new Map();
let last = 0;

/** Loads in progress, by request. @type {Map<number, AbortController>} */
const loading = new Map();

const started = start();
started.catch(() => {}); // every request reports it

async function start() {
  const go = new Go();
  const response = await fetch(new URL("./goclip.wasm", import.meta.url));
  if (!response.ok) {
    throw new Error(`goclip.wasm: the server answers ${response.status}`);
  }
  const typed = response.headers.get("content-type")?.startsWith("application/wasm");
  const { instance } = typed
    ? await WebAssembly.instantiateStreaming(response, go.importObject)
    : await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
  go.run(instance).then(() => answer({ exited: "the wasm program ended; the console says why" }));
}

/** @param {Answer} message @param {Transferable[]} [transfer] */
function answer(message, transfer = []) {
  postMessage(message, transfer);
}

/** @param {MessageEvent<Request>} event */
onmessage = async ({ data: request }) => {
  const { id } = request;
  if (isAbort(request)) {
    loading.get(id)?.abort();
    return;
  }
  try {
    const result = "target" in request ? await call(request) : await load(request);
    answer({ id, result }, buffers(result));
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error);
    answer({ id, error: { message, code: code ?? "failed" } });
  } finally {
    loading.delete(id);
  }
};

/** @param {Request} request @returns {request is Abort} */
function isAbort(request) {
  return request.method === "abort";
}

/** @param {Load} request */
async function load({ id, source, options }) {
  const controller = new AbortController();
  loading.set(id, controller);
  await started;
  const model = await goclip.load(source, {
    ...options,
    signal: controller.signal,
    onProgress: (progress) => answer({ id, progress }),
  });
  return keep(model);
}

/** @param {Call} request */
async function call({ method, target, args }) {
  const object = /** @type {any} */ (objects.get(target));
  if (!object) {
    return method === "dispose" ? undefined : Promise.reject(disposed(method));
  }
  if (method === "dispose") {
    objects.delete(target);
  }
  const result = await object[method](...args);
  return method === "classifier" ? keep(result) : result;
}

/** @param {string} method */
function disposed(method) {
  return Object.assign(new Error(`${method}: the object was disposed of`), { code: "disposed" });
}

/** @param {Model | Classifier} object */
function keep(object) {
  objects.set(++last, object);
  return { target: last, info: "info" in object ? object.info : undefined };
}

/** The memory of the arrays in a result, which moves to the page instead of being copied.
 * @param {any} result @returns {Transferable[]} */
function buffers(result) {
  if (result instanceof Float32Array) {
    return [/** @type {ArrayBuffer} */ (result.buffer)];
  }
  return result && typeof result === "object" ? Object.values(result).flatMap(buffers) : [];
}
