// The labels, and how they rank for the picture that is looked at.

import type { Classifier, Label } from "./goclip/goclip.js";
import { element, made, percent, some } from "./page.js";

const field = element("labels", HTMLTextAreaElement);
const bars = element("bars", HTMLOListElement);
const note = some("note");
const spoken = some("spoken");
const state = some("state");

/** The labels that were typed, each once. */
export function typedLabels(): string[] {
  const words = field.value.split(/[,\n]/).map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ""))];
}

export function onLabelsTyped(call: () => void): void {
  field.addEventListener("input", call);
}

/** Shows a ranking. Rows that stay are kept, so that their bars move. */
export function showRanked(ranked: readonly Label[]): void {
  const rows = new Map(Array.from(bars.children as Iterable<HTMLElement>, (row) => [row.dataset.label, row]));
  const next = ranked.map(({ label, probability }) => {
    const row = rows.get(label) ?? rowOf(label);
    row.lastElementChild!.textContent = percent(probability);
    row.style.setProperty("--share", probability.toFixed(4));
    return row;
  });
  if (next.length !== bars.children.length || next.some((row, i) => row !== bars.children[i])) {
    bars.replaceChildren(...next);
  }
}

function rowOf(label: string): HTMLElement {
  const row = made("li");
  row.dataset.label = label;
  row.append(made("span", label), made("span"));
  return row;
}

/** Tells screen readers the best label, once it stays. */
export function speak(ranked: readonly Label[]): void {
  const [best] = ranked;
  spoken.textContent = best ? `${best.label}, ${percent(best.probability)}` : "";
}

/** Says what there is to know about the labels. */
export function showNote({ truncated }: Pick<Classifier, "truncated">): void {
  note.hidden = truncated.length === 0;
  note.textContent = `Longer than the model reads: ${truncated.join(", ")}`;
}

export function say(kind: "busy" | "done" | "failed", text: string): void {
  state.dataset.state = kind;
  state.textContent = text;
}
