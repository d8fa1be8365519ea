// What the page and its worker say to each other.

import type { Options, Progress, Source } from "./api.js";

/** Page to worker. A target is the number of an object that an earlier answer named. */
export type Request = Load | Abort | Call;

export interface Load {
  id: number;
  method: "load";
  source: Source;
  options: Omit<Options, "signal" | "onProgress">;
}

/** Ends the load with the same id. */
export interface Abort {
  id: number;
  method: "abort";
}

export interface Call {
  id: number;
  method: string;
  target: number;
  args: unknown[];
}

/** Worker to page, with the id of the request. */
export type Answer =
  | { id: number; result: unknown }
  | { id: number; error: { message: string; code: string } }
  | { id: number; progress: Progress }
  | { exited: string };

/** Stands for an object that stays in the worker. */
export interface Remote {
  target: number;
  info?: unknown;
}
