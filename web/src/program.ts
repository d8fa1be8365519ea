// Runs goclip.wasm in a worker and answers a page's calls for one model.

import type { Decoder } from "./api.js";
import type { Answer, Call, Failure, NamedFile, Request } from "./messages.js";

/** What a worker of a page and one of Node do differently. */
export interface Host {
  post(answer: Answer, transfer: Transferable[]): void;
  /** Compiles the program. */
  compile(): Promise<WebAssembly.Module>;
  /** The options of load that say where the model that ships lies. */
  shipped(): Record<string, unknown>;
  /** Starts a worker that runs thread.js, with which the program computes on several threads. */
  thread(): unknown;
  /** A picture as the program takes it. */
  picture(value: unknown, decoder: Decoder | undefined): Promise<unknown>;
}

/** What load of the program resolves to, and what its classifiers are. */
type Remote = Record<string, (...args: unknown[]) => Promise<unknown>> & { info: unknown };
type RemoteClassifier = { embeddings: Float32Array[]; truncated: string[]; dispose(): Promise<void> };

/** How many calls the program works on at a time: it computes for one while files are read for the other. */
const callsAtOnce = 2;

/** Answers requests; give it every message that the page sends. */
export function serve(host: Host): (request: Request) => void {
  let instance: Promise<WebAssembly.Instance> | undefined;
  let model: Remote | undefined;
  let told: unknown; // the info of the model that the page has
  const waiting: Call[] = [];
  const controllers = new Map<number, AbortController>();
  let working = 0;

  async function start(given: WebAssembly.Module | undefined): Promise<WebAssembly.Instance> {
    const module = given ?? (await host.compile());
    if (!given) {
      host.post({ module }, []);
    }
    const go = new Go();
    const instance = await WebAssembly.instantiate(module, go.importObject);
    go.run(instance).then(() => host.post({ exited: "the wasm program ended; the console says why" }, []));
    return instance;
  }

  async function next(): Promise<void> {
    const call = working < callsAtOnce ? waiting.shift() : undefined;
    if (!call) {
      return;
    }
    working++;
    const controller = controllers.get(call.id)!;
    try {
      const result = await answer(call, controller.signal).finally(tell);
      host.post({ id: call.id, result }, buffers(result));
    } catch (error) {
      host.post({ id: call.id, error: failure(error) }, []);
    } finally {
      controllers.delete(call.id);
      working--;
      void next();
    }
  }

  /** Tells the page that another device computes now. */
  function tell(): void {
    if (model && model.info !== told) {
      host.post({ info: (told = model.info) }, []);
    }
  }

  async function answer({ id, method, argument, options }: Call, signal: AbortSignal): Promise<unknown> {
    const { exports } = await instance!;
    if (method === "load") {
      model = (await goclip.load(unpacked(argument), {
        ...host.shipped(),
        ...options,
        thread: () => host.thread(),
        signal,
        onProgress: (progress) => host.post({ id, progress }, []),
      })) as unknown as Remote;
      return (told = model.info);
    }
    if (method === "list" || method === "clear") {
      return goclip.cache[method](argument);
    }
    if (method === "embedImages") {
      return embedImages(argument as unknown[], options.decoder, signal);
    }
    if (method === "classifier") {
      const classifier = (await model!.classifier!(argument, { ...options, signal })) as RemoteClassifier;
      const { embeddings, truncated } = classifier;
      await classifier.dispose();
      return { embeddings, truncated };
    }
    if (method === "stats") {
      const stats = (await model!.stats!()) as { memory: number };
      return { ...stats, memory: stats.memory + (exports.mem as WebAssembly.Memory).buffer.byteLength };
    }
    return model![method]!(argument, { ...options, signal });
  }

  /** Embeds files together, and what the browser decoded one by one: pixels are large. */
  async function embedImages(pictures: unknown[], decoder: Decoder | undefined, signal: AbortSignal): Promise<unknown> {
    const vectors: unknown[] = [];
    const files: number[] = [];
    for (const [i, picture] of pictures.entries()) {
      const value = await host.picture(picture, decoder);
      if (value === picture && pictures.length > 1) {
        files.push(i);
      } else {
        vectors[i] = await model!.embedImage!(value, { signal });
      }
    }
    if (files.length > 0) {
      const list = files.map((i) => pictures[i]);
      const together = (await model!.embedImages!(list, { signal })) as unknown[];
      files.forEach((i, at) => (vectors[i] = together[at]));
    }
    return vectors;
  }

  return (request) => {
    if (request.method === "start") {
      instance = start(request.module);
      instance.catch(() => {}); // every call reports it
      return;
    }
    if (request.method === "abort") {
      const at = waiting.findIndex(({ id }) => id === request.id);
      if (at >= 0) {
        waiting.splice(at, 1);
      }
      controllers.get(request.id)?.abort();
      return;
    }
    controllers.set(request.id, new AbortController());
    waiting.push(request);
    void next();
  };
}

/** The Files of a folder with their names again. */
function unpacked(source: unknown): unknown {
  if (!Array.isArray(source)) {
    return source;
  }
  return source.map(({ path, file }: NamedFile) =>
    Object.defineProperties(file, { name: { value: path.split("/").at(-1) }, webkitRelativePath: { value: path } }),
  );
}

function failure(error: unknown): Failure {
  const { message, code } = error as Failure;
  return { message: message ?? String(error), code: code ?? "failed" };
}

/** The memory of the arrays in a result, which moves to the page instead of being copied. */
function buffers(result: unknown): Transferable[] {
  if (result instanceof Float32Array) {
    return [result.buffer as ArrayBuffer];
  }
  return result && typeof result === "object" ? Object.values(result).flatMap(buffers) : [];
}
