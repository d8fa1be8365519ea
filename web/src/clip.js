// Clip runs models in a worker, so that the page never waits.

/** @import { Info, Label, Options, Picture, Source, Tensors } from "./api.js" */
/** @import { Answer, Remote, Request } from "./messages.js" */

/** An error with a code; wasm/README.md lists the codes. */
export class ClipError extends Error {
  /** @param {string} message @param {string} code */
  constructor(message, code) {
    super(message);
    this.name = "ClipError";
    this.code = code;
  }
}

/** @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, onProgress?: Options["onProgress"] }} Pending */

/** The worker with the requests that it has not answered. */
class Connection {
  #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "goclip" });
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #last = 0;
  /** @type {ClipError | undefined} */
  #broken;

  constructor() {
    this.#worker.onmessage = (event) => this.#receive(event.data);
    this.#worker.onerror = (event) => this.#break(`the worker failed: ${event.message ?? "it could not be loaded"}`);
  }

  /** @param {Answer} answer */
  #receive(answer) {
    if ("exited" in answer) {
      this.#break(answer.exited);
      return;
    }
    const pending = this.#pending.get(answer.id);
    if (!pending) {
      return;
    }
    if ("progress" in answer) {
      pending.onProgress?.(answer.progress);
      return;
    }
    this.#pending.delete(answer.id);
    if ("error" in answer) {
      pending.reject(new ClipError(answer.error.message, answer.error.code));
    } else {
      pending.resolve(answer.result);
    }
  }

  /** @param {string} message */
  #break(message) {
    this.#broken = new ClipError(message, "crashed");
    for (const { reject } of this.#pending.values()) {
      reject(this.#broken);
    }
    this.#pending.clear();
  }

  /** @param {Source} source @param {Options} options @returns {Promise<Remote>} */
  load(source, { signal, onProgress, ...options }) {
    const id = ++this.#last;
    const abort = () => this.#worker.postMessage({ id, method: "abort" });
    const result = this.#send({ id, method: "load", source, options }, onProgress);
    if (signal?.aborted) {
      abort();
    }
    signal?.addEventListener("abort", abort);
    return result.finally(() => signal?.removeEventListener("abort", abort));
  }

  /** @param {number} target @param {string} method @param {unknown[]} args @returns {Promise<any>} */
  call(target, method, ...args) {
    return this.#send({ id: ++this.#last, method, target, args });
  }

  /** @param {Request} request @param {Options["onProgress"]} [onProgress] @returns {Promise<any>} */
  #send(request, onProgress) {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      try {
        this.#worker.postMessage(request);
        this.#pending.set(request.id, { resolve, reject, onProgress });
      } catch (error) {
        reject(new ClipError(`${request.method}: ${error}`, "invalid-argument"));
      }
    });
  }
}

/** All models share one worker. @type {Connection | undefined} */
let connection;

/** Addresses count from the page, not from the worker.
 * @param {any} value @returns {any} */
function absolute(value) {
  if (!(value instanceof URL || typeof value === "string")) {
    return value;
  }
  try {
    return new URL(value, document.baseURI).href;
  } catch {
    throw new ClipError(`${value} is no address`, "invalid-argument");
  }
}

/** A model in the worker. */
export class Clip {
  #connection;
  #target;

  /** @param {Connection} connection @param {Remote} remote */
  constructor(connection, remote) {
    this.#connection = connection;
    this.#target = remote.target;
    /** What the model is and what computes it. */
    this.info = /** @type {Info} */ (remote.info);
  }

  /** Opens a model; without a source the one that ships beside this module.
   * @param {Source} [source] @param {Options} [options] */
  static async load(source, options = {}) {
    connection ??= new Connection();
    const base = absolute(options.base ?? new URL(".", import.meta.url));
    const list = source instanceof FileList ? Array.from(source) : source;
    return new Clip(connection, await connection.load(absolute(list), { ...options, base }));
  }

  /** @param {Picture} image @returns {Promise<Float32Array>} */
  async embedImage(image) {
    return this.#connection.call(this.#target, "embedImage", absolute(image));
  }

  /** @param {Picture[]} images @returns {Promise<Float32Array[]>} */
  async embedImages(images) {
    return this.#connection.call(this.#target, "embedImages", Array.from(images, absolute));
  }

  /** @param {string} text @returns {Promise<Float32Array>} */
  embedText(text) {
    return this.#connection.call(this.#target, "embedText", text);
  }

  /** @param {string[]} texts @returns {Promise<Float32Array[]>} */
  embedTexts(texts) {
    return this.#connection.call(this.#target, "embedTexts", texts);
  }

  /** @param {string[]} labels @param {{ templates?: string | string[] }} [options] */
  async classifier(labels, options) {
    const remote = await this.#connection.call(this.#target, "classifier", labels, options);
    return new Classifier(this.#connection, remote);
  }

  /** @param {Tensors} tensors @param {{ hidden?: boolean }} [options]
   * @returns {Promise<Record<string, { data: Float32Array, shape: number[] }>>} */
  run(tensors, options) {
    return this.#connection.call(this.#target, "run", tensors, options);
  }

  /** Frees the model. @returns {Promise<void>} */
  dispose() {
    return this.#connection.call(this.#target, "dispose");
  }
}

/** Labels that a model embedded. */
class Classifier {
  #connection;
  #target;

  /** @param {Connection} connection @param {Remote} remote */
  constructor(connection, remote) {
    this.#connection = connection;
    this.#target = remote.target;
  }

  /** @param {Picture} image @param {{ top?: number }} [options] @returns {Promise<Label[]>} */
  async classify(image, options) {
    return this.#connection.call(this.#target, "classify", absolute(image), options);
  }

  /** Frees the labels. @returns {Promise<void>} */
  dispose() {
    return this.#connection.call(this.#target, "dispose");
  }
}
