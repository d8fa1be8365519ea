// Labels ranked for a picture, as core/classifier.go does it.

import type { Info, Label } from "./api.js";

/** The cosine of two vectors of unit length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    throw new RangeError(`a vector of ${a.length} values cannot be compared with one of ${b.length}`);
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += a[i]! * b[i]!;
  }
  return sum;
}

/** Scores labels for the embedding of a picture, the most probable first. Of equal labels the earlier comes first. */
export function rank(
  labels: readonly string[],
  embeddings: readonly Float32Array[],
  picture: Float32Array,
  { scores, logit_scale: scale, logit_bias: bias }: Pick<Info, "scores" | "logit_scale" | "logit_bias">,
): Label[] {
  const logits = embeddings.map((label) => cosine(picture, label) * scale + bias);
  const top = Math.max(...logits);
  const powers = logits.map((logit) => (scores === "sigmoid" ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit - top)));
  const whole = scores === "sigmoid" ? 1 : powers.reduce((a, b) => a + b, 0);
  return labels
    .map((label, i) => ({ label, probability: powers[i]! / whole, logit: logits[i]! }))
    .sort((a, b) => b.logit - a.logit);
}
