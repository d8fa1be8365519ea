// What differs between a page and Node.

import type { Answer, Request } from "./messages.js";

/** A worker that runs the program. */
export interface Port {
  post(request: Request, transfer: Transferable[]): void;
  close(): void;
  /** Whether an answer is awaited: Node does not end before it came, and ends otherwise. */
  busy(awaited: boolean): void;
}

export interface Platform {
  start(receive: (answer: Answer) => void, fail: (message: string) => void): Port;
  /** An address, or in Node a path, as the worker understands it. */
  address(at: string | URL): string;
}

let platform: Platform | undefined;

/** Says where the package runs. The entry points call it. */
export function use(current: Platform): void {
  platform = current;
}

export function current(): Platform {
  if (!platform) {
    throw new Error("BUG: goclip: no platform");
  }
  return platform;
}
