// The wasm program in Node, as wasm/README.md shows it, and the package.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  assertRanked,
  assertTensors,
  dist,
  goldenInputs,
  goldenModel,
  pictures,
  shippedModel,
  site,
} from "./golden.js";

describe("the wasm program in Node", () => {
  before(async () => {
    Object.assign(globalThis, { fs, path }); // Go's script takes them, if they are there, for files on disk
    await import(path.join(dist, "wasm_exec.js"));
    const go = new Go();
    const { instance } = await WebAssembly.instantiate(
      fs.readFileSync(path.join(dist, "goclip.wasm")),
      go.importObject,
    );
    go.run(instance);
  });

  test("says its version", () => {
    const manifest = JSON.parse(fs.readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    assert.equal(goclip.version, manifest.version);
  });

  test("gives PyTorch's probabilities from paths on disk", async () => {
    const { labels, pictures: shown } = shippedModel();
    const clip = await goclip.load(undefined, { base: dist });
    const classifier = await clip.classifier(labels);
    for (const { name, probabilities } of shown) {
      assertRanked(await classifier.classify(path.join(site, "examples", `${name}.png`)), labels, probabilities);
    }
    const [first, ...others] = await classifier.classify(path.join(site, "examples", "dog.png"), { top: 1 });
    assert.equal(first?.label, "dog");
    assert.deepEqual(others, []);
    await classifier.dispose();
    await assert.rejects(classifier.classify(""), { name: "ClipError", code: "disposed" });
    await clip.dispose();
  });

  test("gives the same vectors one by one and together", async () => {
    const clip = await goclip.load(path.join(dist, "models", "tiny"));
    const texts = ["a dog", "two pizzas", "a guitar on a chair"];
    const together = await clip.embedTexts(texts);
    assert.equal(together.length, texts.length);
    for (const [i, text] of texts.entries()) {
      const alone = await clip.embedText(text);
      alone.forEach((/** @type {number} */ value, /** @type {number} */ j) =>
        assert(Math.abs(value - (together[i]?.[j] ?? NaN)) < 1e-6),
      );
    }
    assert.deepEqual(await clip.embedTexts([]), []);
    await clip.dispose();
  });

  test("turns pictures upright", async () => {
    const clip = await goclip.load(path.join(dist, "models", "tiny"), { towers: "image" });
    // The same pixels under all eight orientations are eight pictures.
    const files = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => path.join(pictures, `jpeg_exif${orientation}.jpg`));
    const vectors = await clip.embedImages(files);
    assert.equal(new Set(vectors.map(String)).size, 8);
    await clip.dispose();
  });

  test("runs one tower alone", async () => {
    const model = goldenModel("hf-clip-vit");
    const { pixel_values } = goldenInputs(model);
    const clip = await goclip.load(model.folder, { towers: "image" });
    const out = await clip.run({
      pixel_values: { data: new Float32Array(pixel_values?.data ?? []), shape: pixel_values?.shape ?? [] },
    });
    assert.deepEqual(Object.keys(out).sort(), ["image_embeds", "image_features"]);
    assertTensors(out, model, ["image_embeds", "image_features"]);
    await assert.rejects(clip.embedText("dog"), { code: "no-tower" });
    await assert.rejects(clip.embedTexts([]), { code: "no-tower" });
    await clip.dispose();
  });

  test("stops what it computes when a signal says so", async () => {
    const clip = await goclip.load(path.join(dist, "models", "tiny"));
    const texts = Array.from({ length: 500 }, (_, i) => `a drawing of ${i} dogs`);
    for (const embed of [
      (/** @type {object} */ options) => clip.embedTexts(texts, options),
      (/** @type {object} */ options) => clip.classifier(texts, options),
    ]) {
      await assert.rejects(embed({ signal: AbortSignal.timeout(100) }), { name: "ClipError", code: "aborted" });
    }
    await assert.rejects(clip.embedText("dog", { signal: AbortSignal.abort() }), { code: "aborted" });
    await assert.rejects(clip.embedText("dog", { signal: 7 }), { code: "invalid-argument" });
    await clip.embedText("dog", { signal: new AbortController().signal });
    const { texts: count, text } = await clip.stats();
    assert.equal(count, 1, "what was aborted does not count");
    assert(text > 0);
    await clip.dispose();
  });

  test("gives back what a callback throws", async () => {
    const thrown = new RangeError("enough");
    const onProgress = () => {
      throw thrown;
    };
    await assert.rejects(goclip.load(path.join(dist, "models", "tiny"), { onProgress }), (error) => error === thrown);
  });
});

describe("the package in Node", () => {
  const dog = path.join(site, "examples", "dog.png");
  const tiny = path.join(dist, "models", "tiny");
  const load = async (/** @type {Parameters<typeof import("../dist/goclip.js").Clip.load>} */ ...args) => {
    /** @type {typeof import("../dist/goclip.js")} */
    const { Clip } = await import(path.join(dist, "node.js"));
    return Clip.load(...args);
  };

  test("takes every kind of source and of picture", async () => {
    const files = ["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"].map(
      (name) => new File([fs.readFileSync(path.join(tiny, name))], name),
    );
    /** @type {Float32Array[]} */
    const vectors = [];
    for (const source of [undefined, tiny, pathToFileURL(tiny), path.join(tiny, "model.safetensors"), files]) {
      const clip = await load(source);
      vectors.push(await clip.embedImage(dog));
      await clip.dispose();
    }
    const clip = await load();
    const bytes = fs.readFileSync(dog);
    vectors.push(
      ...(await clip.embedImages([pathToFileURL(dog), bytes, new Blob([bytes]), new File([bytes], "dog.png")])),
    );
    assert.equal(vectors.length, 9);
    vectors.forEach((vector) => assert.deepEqual(vector, vectors[0]));
    await assert.rejects(clip.embedImage(dog, { decoder: "browser" }), { name: "ClipError", code: "unsupported" });
    await assert.rejects(load(undefined, { decoder: "browser" }), { code: "unsupported" });
    await clip.dispose();
    await assert.rejects(clip.embedText("dog"), { code: "disposed" });
  });

  test("lets the program end when nothing is awaited", { timeout: 60_000 }, async () => {
    const code = `import { Clip } from ${JSON.stringify(path.join(dist, "node.js"))};
      const clip = await Clip.load();
      console.log((await clip.embedText("dog")).length);`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    assert.equal(out, "192\n");
  });
});
