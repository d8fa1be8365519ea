// What computes, how fast, and in how much memory.

import type { Clip } from "./goclip/goclip.js";
import { element, made, some } from "./page.js";

const details = element("info", HTMLDetailsElement);
const list = some("facts");

/** Shows the facts of a model, if they are looked at. */
export async function showFacts({ clip, name }: { clip: Clip; name: string }): Promise<void> {
  if (!details.open) {
    return;
  }
  const { info } = clip;
  const stats = await clip.stats();
  const each = (sum: number, count: number) => (count > 0 ? `${(sum / count).toFixed(1)} ms` : "not yet");
  const facts: Record<string, string> = {
    Model: `${name} (${info.family}, ${(info.parameters / 1e6).toFixed(1)} million parameters)`,
    Device: info.device_name,
    "Why this device": info.reason || "it was asked for",
    Precision: info.precision,
    Threads: `${info.threads}${crossOriginIsolated ? "" : " (the page is not cross-origin isolated)"}`,
    "Values of an embedding": String(info.embedding),
    Memory: `${(stats.memory / 2 ** 20).toFixed(0)} MB`,
    "Decoding, a picture": each(stats.decode, stats.pictures),
    "Resizing, a picture": each(stats.resize, stats.pictures),
    "Image tower, a picture": each(stats.image, stats.pictures),
    "Text tower, a text": each(stats.text, stats.texts),
    "Pictures embedded": String(stats.pictures),
    Decoder: info.decoder === "goclip" ? "goclip's own, the same pixels everywhere" : "the browser's",
  };
  list.replaceChildren(
    ...Object.entries(facts).map(([term, value]) => {
      const pair = made("div");
      pair.append(made("dt", term), made("dd", value));
      return pair;
    }),
  );
}

export function onFactsOpened(call: () => void): void {
  details.addEventListener("toggle", call);
}
