// Golden files: what PyTorch computes.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What the package carries, and the demo. */
export const dist = path.join(root, "web", "dist");
export const site = path.join(root, "web", "site");
export const models = path.join(root, "testdata", "oracle", "models");
export const pictures = path.join(root, "testdata", "oracle", "preprocess", "images");

/** @typedef {{ dtype: string, shape: number[], data: Buffer }} Stored */

/** Reads a safetensors file. @param {string} file @returns {Record<string, Stored>} */
export function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: [number, number] }>} */
  const header = JSON.parse(bytes.subarray(8, start).toString());
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return Object.fromEntries(
    tensors.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => [name, { dtype, shape, data: bytes.subarray(start + from, start + to) }],
    ),
  );
}

/** @typedef {{ max_abs?: number, max_rel?: number }} Tolerance */

/** @typedef {object} Expectation
 * @property {string} load what to open, below the model's folder
 * @property {string[]} inputs
 * @property {string[]} outputs
 * @property {string[]} [texts] the texts of input_ids
 * @property {Record<string, Tolerance> & { default: Tolerance }} tolerances */

export const goldenNames = fs.readdirSync(models).sort();

/** A golden model's expectations. @param {string} name */
export function goldenModel(name) {
  const folder = path.join(models, name);
  /** @type {Expectation} */
  const expect = JSON.parse(fs.readFileSync(path.join(folder, "expect.json"), "utf8"));
  return { folder, expect, tensors: readSafetensors(path.join(folder, "expect.safetensors")) };
}

/** @param {Stored | undefined} tensor @returns {number[]} */
export function floats(tensor) {
  assert(tensor && tensor.dtype === "F32", "a golden tensor of floats");
  return Array.from({ length: tensor.data.length / 4 }, (_, i) => tensor.data.readFloatLE(4 * i));
}

/** Integers as a page can be sent them. @param {Stored | undefined} tensor @returns {number[]} */
export function integers(tensor) {
  assert(tensor && tensor.dtype === "I64", "a golden tensor of integers");
  return Array.from({ length: tensor.data.length / 8 }, (_, i) => Number(tensor.data.readBigInt64LE(8 * i)));
}

/** The tensors to feed to a model, as plain arrays.
 * @param {ReturnType<typeof goldenModel>} model
 * @returns {Record<string, { data: number[], shape: number[] }>} */
export function goldenInputs({ expect, tensors }) {
  return Object.fromEntries(
    expect.inputs.map((name) => {
      const tensor = tensors[name];
      const data = tensor?.dtype === "F32" ? floats(tensor) : integers(tensor);
      return [name, { data, shape: tensor?.shape ?? [] }];
    }),
  );
}

/** @typedef {import("../dist/api.js").LoadOptions & { level?: string }} Options what a model is loaded with */

/** What a golden model gives for its inputs in a page, which has the package under /goclip/ and the models under /oracle/.
 * @param {{ evaluate(does: (task: string) => Promise<string>, task: string): Promise<string> }} page
 * @param {string} name @param {Options} options
 * @param {boolean} [hidden] whether the layers' outputs are wanted too
 * @returns {Promise<{ info: import("../dist/api.js").Info, tensors: Record<string, { data: number[], shape: number[] }>,
 *   embeddings: number[] }>} */
export async function runGolden(page, name, options, hidden = true) {
  const model = goldenModel(name);
  const { load, texts = [] } = model.expect;
  const task = { source: `/oracle/${name}/${load}`, inputs: goldenInputs(model), texts, options, hidden };
  return JSON.parse(await page.evaluate(run, JSON.stringify(task))); // numbers one by one take Firefox half a second
}

/** Runs in the page. @param {string} task */
async function run(task) {
  const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
  const { source, inputs, texts, options, hidden } = JSON.parse(task);
  const clip = await Clip.load(source, options);
  /** @type {Record<string, unknown>} */
  const tensors = {};
  for (const [name, { data, shape }] of Object.entries(inputs)) {
    const floats = name === "pixel_values";
    tensors[name] = { data: floats ? new Float32Array(data) : BigInt64Array.from(data, BigInt), shape };
  }
  const out = Object.entries(await clip.run(tensors, { hidden }));
  const vectors = texts.length > 0 ? await clip.embedTexts(texts) : [];
  await clip.dispose();
  return JSON.stringify({
    info: clip.info,
    tensors: Object.fromEntries(out.map(([name, { data, shape }]) => [name, { shape, data: Array.from(data) }])),
    embeddings: vectors.flatMap((/** @type {Float32Array} */ vector) => Array.from(vector)),
  });
}

/** Compares what a model gave with what PyTorch gives.
 * @param {Record<string, { data: ArrayLike<number>, shape: number[] }>} got
 * @param {ReturnType<typeof goldenModel>} model @param {string[]} [names] */
export function assertTensors(got, model, names = model.expect.outputs) {
  assert(names.length > 0);
  for (const name of names) {
    const tensor = got[name];
    assert(tensor, `${name} is among ${Object.keys(got)}`);
    assert.deepEqual(tensor.shape, model.tensors[name]?.shape, name);
    assertClose(tensor.data, model, name);
  }
}

/** Compares values with a golden tensor, within its tolerance.
 * @param {ArrayLike<number>} got @param {ReturnType<typeof goldenModel>} model @param {string} name */
export function assertClose(got, model, name) {
  const want = floats(model.tensors[name]);
  assert.equal(got.length, want.length, name);
  const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const { max_abs, max_rel = 0 } = model.expect.tolerances[name] ?? model.expect.tolerances.default;
  const allowed = max_abs ?? max_rel * largest;
  want.forEach((value, i) => {
    const difference = Math.abs(value - (got[i] ?? NaN));
    assert(difference <= allowed, `${name}: value ${i} is ${got[i]} instead of ${value}`);
  });
}

/** The model that ships and six pictures that it was not trained on.
 * @returns {{ labels: string[], pictures: { name: string, probabilities: number[] }[] }} */
export function shippedModel() {
  const file = path.join(root, "core", "embedded", "expected.json");
  const { labels, logit_scale: scale, pictures: list } = JSON.parse(fs.readFileSync(file, "utf8"));
  const shown = list.map((/** @type {{ file: string, cosines: number[] }} */ { file, cosines }) => ({
    name: path.basename(file, ".png"),
    probabilities: softmax(cosines.map((cosine) => scale * cosine)),
  }));
  assert.equal(shown.length, 6);
  return { labels, pictures: shown };
}

/** @param {number[]} logits */
export function softmax(logits) {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** Compares ranked labels with PyTorch's probabilities.
 * @param {import("../dist/api.js").Label[]} ranked @param {string[]} labels @param {number[]} probabilities */
export function assertRanked(ranked, labels, probabilities) {
  assert.equal(ranked.length, labels.length);
  ranked.forEach(({ label, probability }, i) => {
    const want = probabilities[labels.indexOf(label)] ?? NaN;
    assert(Math.abs(probability - want) <= 1e-3, `${label}: ${probability} instead of ${want}`);
    assert(i === 0 || probability <= (ranked[i - 1]?.probability ?? 0), "the most probable label comes first");
  });
}

/** Compares the directions of embeddings.
 * @param {Record<string, { data: ArrayLike<number>, shape: number[] }>} got
 * @param {ReturnType<typeof goldenModel>} model @param {number} least the smallest cosine */
export function assertDirections(got, model, least) {
  const names = model.expect.outputs.filter((name) => name.endsWith("_embeds"));
  assert(names.length > 0);
  for (const name of names) {
    const want = floats(model.tensors[name]);
    const width = got[name]?.shape.at(-1) ?? 0;
    assert.equal(got[name]?.data.length, want.length, name);
    for (let at = 0; at < want.length; at += width) {
      const [a, b] = [Array.from(got[name]?.data ?? []), want].map((list) => list.slice(at, at + width));
      const dot = (/** @type {number[]} */ x, /** @type {number[]} */ y) =>
        x.reduce((sum, value, i) => sum + value * (y[i] ?? NaN), 0);
      const cosine = dot(a ?? [], b ?? []) / Math.sqrt(dot(a ?? [], a ?? []) * dot(b ?? [], b ?? []));
      assert(cosine >= least, `${name}: a cosine of ${cosine} with row ${at / width}`);
    }
  }
}
