// What a page and the worker of one of its models say to each other.

import type { Decoder, ErrorCode, Progress } from "./api.js";

/** To the worker. `start` comes first, and `load` before all calls but `list` and `clear`, which are about kept files. */
export type Request = Start | Call | Abort;

export interface Start {
  method: "start";
  /** The compiled program, if an earlier worker gave it. */
  module: WebAssembly.Module | undefined;
}

/** Ends the call with the same id. */
export interface Abort {
  method: "abort";
  id: number;
}

export interface Call {
  id: number;
  method: "load" | "embedImages" | "embedTexts" | "classifier" | "run" | "stats" | "list" | "clear";
  /** What the method of that name takes (wasm/README.md), without its options. */
  argument: unknown;
  options: Record<string, unknown> & { decoder?: Decoder };
}

/** To the page, with the id of the call; before an answer what the model's `info` is from then on, if it has changed. */
export type Answer =
  | { id: number; result: unknown }
  | { id: number; error: Failure }
  | { id: number; progress: Progress }
  | { info: unknown }
  | { module: WebAssembly.Module }
  | { exited: string };

export interface Failure {
  message: string;
  code: ErrorCode;
}

/** A file of a model folder. Cloning a File loses the path in some browsers, in Node its name too. */
export interface NamedFile {
  path: string;
  file: Blob;
}

/** Labels that a model embedded. */
export interface EmbeddedLabels {
  embeddings: Float32Array[];
  truncated: string[];
}
