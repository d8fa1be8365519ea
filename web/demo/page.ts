// The elements of index.html.

export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new Error(`BUG: the page has no ${id}`);
  }
  return found;
}

export const input = (id: string) => element(id, HTMLInputElement);
export const button = (id: string) => element(id, HTMLButtonElement);
export const some = (id: string) => element(id, HTMLElement);

export function made<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text = "",
  className = "",
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) {
    made.className = className;
  }
  return made;
}

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Puts off a call until nothing was asked for so many milliseconds. */
export function patient(wait: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, wait);
  };
}
