// The pictures of the page, and the queue that embeds them.

import { ClipError, type Clip, type Label } from "./goclip/goclip.js";

export interface Item {
  readonly id: number;
  readonly file: Blob;
  readonly name: string;
  /** One of the drawings that come with the page. */
  readonly example: boolean;
  embedding?: Float32Array | undefined;
  /** Why it cannot be embedded. */
  error?: string | undefined;
  /** The most probable label. */
  best?: Label | undefined;
  /** The cosine with what is searched for. */
  match?: number | undefined;
}

let last = 0;

export function item(file: Blob, name: string, example = false): Item {
  return { id: ++last, file, name, example };
}

/** Enough that the worker always has one to go on with. */
const atOnce = 2;

/** Embeds pictures one after another, the one that is looked at first. */
export class Queue {
  #waiting: Item[] = [];
  #working = new Set<Item>();
  #controller = new AbortController();
  #clip: Clip | undefined;
  readonly #embedded: (item: Item) => void;

  constructor(embedded: (item: Item) => void) {
    this.#embedded = embedded;
  }

  /** How many are waiting or worked on. */
  get left(): number {
    return this.#waiting.length + this.#working.size;
  }

  /** Goes on with another model: all embeddings are of the old one. */
  restart(clip: Clip, items: readonly Item[]): void {
    this.cancel();
    this.#clip = clip;
    for (const item of items) {
      item.embedding = item.error = item.best = item.match = undefined;
    }
    this.add(items);
  }

  add(items: readonly Item[]): void {
    this.#waiting.push(...items);
    this.#next();
  }

  first(item: Item): void {
    const at = this.#waiting.indexOf(item);
    if (at > 0) {
      this.#waiting.splice(at, 1);
      this.#waiting.unshift(item);
    }
  }

  remove(item: Item): void {
    this.#waiting = this.#waiting.filter((other) => other !== item);
  }

  cancel(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#waiting = [];
    this.#working.clear();
  }

  #next(): void {
    while (this.#clip && this.#working.size < atOnce && this.#waiting.length > 0) {
      const item = this.#waiting.shift()!;
      this.#working.add(item);
      void this.#embed(this.#clip, item, this.#controller.signal);
    }
  }

  async #embed(clip: Clip, item: Item, signal: AbortSignal): Promise<void> {
    try {
      item.embedding = await clip.embedImage(item.file, { signal });
    } catch (error) {
      if (signal.aborted || (error instanceof ClipError && error.code === "disposed")) {
        return;
      }
      item.error = error instanceof Error ? error.message : String(error);
    }
    this.#working.delete(item);
    this.#next();
    this.#embedded(item);
  }
}
