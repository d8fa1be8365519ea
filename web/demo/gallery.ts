// A grid of any number of pictures, of which only those near the window are elements. It is a listbox: one tile can have
// the focus, arrows move it.

import { made, percent } from "./page.js";
import type { Item } from "./pictures.js";
import { thumbnail } from "./thumbnails.js";

const gap = 12;
const narrowest = 132;

export class Gallery {
  readonly #root: HTMLElement;
  readonly #select: (item: Item) => void;
  readonly #remove: (item: Item) => void;
  #items: readonly Item[] = [];
  #selected: Item | undefined;
  readonly #tiles = new Map<Item, HTMLElement>();
  #planned = false;

  constructor(root: HTMLElement, select: (item: Item) => void, remove: (item: Item) => void) {
    this.#root = root;
    this.#select = select;
    this.#remove = remove;
    addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(root);
    root.addEventListener("click", ({ target }) => {
      const item = this.#of(target);
      if (item) {
        this.#select(item);
      }
    });
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  show(items: readonly Item[], selected: Item | undefined): void {
    this.#items = items;
    this.#selected = selected;
    this.draw();
  }

  /** Draws what changed, in the next frame. */
  draw(): void {
    if (!this.#planned) {
      this.#planned = true;
      requestAnimationFrame(() => {
        this.#planned = false;
        this.#draw();
      });
    }
  }

  #layout() {
    const width = this.#root.clientWidth;
    const columns = Math.max(2, Math.floor((width + gap) / (narrowest + gap)));
    const side = (width - (columns - 1) * gap) / columns;
    return { columns, side, height: side + 28 };
  }

  #draw(): void {
    const { columns, side, height } = this.#layout();
    const rows = Math.ceil(this.#items.length / columns);
    this.#root.style.height = `${Math.max(0, rows * (height + gap) - gap)}px`;
    const above = -this.#root.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / (height + gap)) - 1) * columns;
    const end = (Math.ceil((above + innerHeight) / (height + gap)) + 1) * columns;

    const chosen = this.#selected ? this.#items.indexOf(this.#selected) : -1;
    const focusable = Math.max(0, chosen);
    const shown = new Set<Item>();
    for (let i = 0; i < this.#items.length; i++) {
      if ((i >= first && i < end) || i === focusable) {
        const item = this.#items[i]!;
        shown.add(item);
        const tile = this.#tiles.get(item) ?? this.#make(item);
        tile.style.width = `${side}px`;
        tile.style.height = `${height}px`;
        tile.style.transform = `translate(${(i % columns) * (side + gap)}px, ${Math.floor(i / columns) * (height + gap)}px)`;
        tile.tabIndex = i === focusable ? 0 : -1;
        tile.ariaSelected = String(i === chosen);
        tile.ariaPosInSet = String(i + 1);
        tile.ariaSetSize = String(this.#items.length);
        caption(tile, item);
      }
    }
    for (const [item, tile] of this.#tiles) {
      if (!shown.has(item)) {
        tile.remove();
        this.#tiles.delete(item);
      }
    }
  }

  #make(item: Item): HTMLElement {
    const tile = made("div", "", "tile");
    tile.role = "option";
    const blank = made("div", item.name, "blank");
    const label = made("p");
    label.append(made("span"), made("span"));
    tile.append(blank, label);
    this.#tiles.set(item, tile);
    this.#root.append(tile);
    thumbnail(item.file).then(
      (address) => {
        const image = made("img");
        image.src = address;
        image.alt = "";
        image.draggable = false;
        blank.replaceWith(image);
      },
      () => {}, // the browser cannot draw it: its name stays
    );
    return tile;
  }

  #of(target: EventTarget | null): Item | undefined {
    const tile = target instanceof Element ? target.closest(".tile") : null;
    return [...this.#tiles].find(([, element]) => element === tile)?.[0];
  }

  #key(event: KeyboardEvent): void {
    const { columns, height } = this.#layout();
    const page = Math.max(1, Math.floor(innerHeight / (height + gap))) * columns;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -page,
      PageDown: page,
      Home: -Infinity,
      End: Infinity,
    };
    const item = this.#of(event.target);
    if (!item) {
      return;
    }
    const at = this.#items.indexOf(item);
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.min(this.#items.length - 1, Math.max(0, at + step));
      this.#go(this.#items[next]!);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      const next = this.#items[at + 1] ?? this.#items[at - 1];
      this.#remove(item);
      if (next) {
        this.#go(next);
      }
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#select(item);
    }
  }

  #go(item: Item): void {
    this.#select(item);
    this.#selected = item;
    this.#draw();
    const tile = this.#tiles.get(item);
    tile?.focus({ preventScroll: true });
    tile?.scrollIntoView({ block: "nearest" });
  }
}

function caption(tile: HTMLElement, item: Item): void {
  const [label, score] = tile.lastElementChild!.children as unknown as [HTMLElement, HTMLElement];
  const best = item.error ? "cannot be read" : (item.best?.label ?? (item.embedding ? item.name : "…"));
  const number = item.match !== undefined ? item.match.toFixed(3) : item.best ? percent(item.best.probability) : "";
  if (label.textContent !== best || score.textContent !== number) {
    label.textContent = best;
    score.textContent = number;
    tile.ariaLabel = `${item.name}: ${best} ${number}`;
    tile.title = item.error ?? item.name;
    tile.classList.toggle("failed", item.error !== undefined);
  }
}
