// The calls that wait for a worker's answer.

import { ClipError, type Progress } from "./api.js";
import type { Answer, Call } from "./messages.js";
import { current, type Port } from "./platform.js";

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onProgress: ((progress: Progress) => void) | undefined;
}

export interface Settings {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  transfer?: Transferable[];
}

/** The program as the first worker compiled it: later ones need not. */
let compiled: WebAssembly.Module | undefined;

export class Connection {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #ended: ClipError | undefined;

  /** Is told what the model's info is when it has changed. */
  onInfo: ((info: unknown) => void) | undefined;

  constructor() {
    this.#port = current().start(
      (answer) => this.#receive(answer),
      (message) => this.end(new ClipError(message, "crashed")),
    );
    this.#port.post({ method: "start", module: compiled }, []);
  }

  /** Sends a call. Calls are answered about in their order. */
  call(method: Call["method"], argument: unknown, options: Call["options"], settings: Settings = {}): Promise<unknown> {
    const { signal, onProgress, transfer = [] } = settings;
    return new Promise((resolve, reject) => {
      if (this.#ended || signal?.aborted) {
        reject(this.#ended ?? aborted(method));
        return;
      }
      const id = ++this.#last;
      const abort = () => {
        this.#forget(id);
        this.#port.post({ method: "abort", id }, []);
        reject(aborted(method));
      };
      try {
        this.#port.post({ id, method, argument, options }, transfer);
      } catch (error) {
        reject(new ClipError(`${method}: ${error}`, "invalid-argument"));
        return;
      }
      signal?.addEventListener("abort", abort);
      const settled = () => signal?.removeEventListener("abort", abort);
      this.#port.busy(true);
      this.#pending.set(id, {
        resolve: (result) => (settled(), resolve(result)),
        reject: (error) => (settled(), reject(error)),
        onProgress,
      });
    });
  }

  /** Ends the worker and with it all that waits for it. */
  end(reason: ClipError): void {
    if (this.#ended) {
      return;
    }
    this.#ended = reason;
    this.#port.close();
    for (const { reject } of this.#pending.values()) {
      reject(reason);
    }
    this.#pending.clear();
  }

  #receive(answer: Answer): void {
    if ("module" in answer) {
      compiled ??= answer.module;
      return;
    }
    if ("info" in answer) {
      this.onInfo?.(answer.info);
      return;
    }
    if ("exited" in answer) {
      this.end(new ClipError(answer.exited, "crashed"));
      return;
    }
    const pending = this.#pending.get(answer.id);
    if (!pending) {
      return; // aborted
    }
    if ("progress" in answer) {
      report(pending, answer.progress);
      return;
    }
    this.#forget(answer.id);
    if ("error" in answer) {
      pending.reject(new ClipError(answer.error.message, answer.error.code));
    } else {
      pending.resolve(answer.result);
    }
  }

  #forget(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) {
      this.#port.busy(false);
    }
  }
}

/** What the callback throws is the caller's own, and what the call rejects with. */
function report(pending: Pending, progress: Progress): void {
  try {
    pending.onProgress?.(progress);
  } catch (error) {
    pending.reject(error);
  }
}

function aborted(method: string): ClipError {
  return new ClipError(`${method}: aborted`, "aborted");
}
