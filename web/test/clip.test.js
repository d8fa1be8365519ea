// The package in Chromium: what a page gets from it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { skip } from "./browser.js";
import {
  assertClose,
  assertRanked,
  assertTensors,
  goldenModel,
  goldenNames,
  runGolden,
  shippedModel,
} from "./golden.js";
import { openPage } from "./page.js";

const timeout = 60_000;

describe("the package in a plain page", { skip }, () => {
  /** @type {import("./page.js").Opened} */
  let opened;
  /** @type {import("playwright-core").Page} */
  let page;

  before(
    async () => {
      opened = await openPage({}, timeout);
      page = opened.page;
    },
    { timeout },
  );
  after(() => opened?.close());

  for (const name of goldenNames) {
    test(`computes ${name} as PyTorch does`, { timeout }, async () => {
      const model = goldenModel(name);
      const got = await runGolden(page, name, { device: "wasm", precision: "f32" });
      assertTensors(got.tensors, model);
      if (model.expect.texts) {
        assertClose(got.embeddings, model, "text_embeds");
      }
    });
  }

  test("gives PyTorch's probabilities for all example pictures", { timeout }, async () => {
    const { labels, pictures } = shippedModel();
    const names = pictures.map(({ name }) => name);
    const answers = await page.evaluate(
      async ({ labels, names }) => {
        const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
        const clip = await Clip.load();
        const classifier = await clip.classifier(labels);
        const answers = [];
        for (const name of names) {
          answers.push(await classifier.classify(`/examples/${name}.png`));
        }
        await clip.dispose();
        return answers;
      },
      { labels, names },
    );
    pictures.forEach(({ probabilities }, i) => assertRanked(answers[i], labels, probabilities));
  });

  test("takes every kind of source and of picture", { timeout }, async () => {
    const names = ["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"];
    const got = await page.evaluate(
      async ({ names }) => {
        const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
        const blob = async (/** @type {string} */ url) => (await fetch(url)).blob();
        const files = await Promise.all(
          names.map(async (name) => new File([await blob(`/models/tiny/${name}`)], name)),
        );
        const picture = await blob("/examples/dog.png");
        const bitmap = await createImageBitmap(picture);
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
        context.drawImage(bitmap, 0, 0);

        const list = [];
        for (const source of [
          undefined,
          "/models/tiny",
          "/front-page/",
          new URL("/models/tiny/model.safetensors", location.href),
          files,
        ]) {
          const clip = await Clip.load(source);
          list.push(await clip.embedImage(picture));
          await clip.dispose();
        }
        const clip = await Clip.load(files);
        const file = new File([picture], "dog.png");
        const bytes = await picture.arrayBuffer();
        const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
        const image = new Image();
        image.src = "/examples/dog.png";
        const drawn = document.createElement("canvas");
        [drawn.width, drawn.height] = [bitmap.width, bitmap.height];
        drawn.getContext("2d")?.drawImage(bitmap, 0, 0);
        const frame = new VideoFrame(bitmap, { timestamp: 0, alpha: "discard" });
        const kinds = [file, bytes, new Uint8Array(bytes), "/examples/dog.png", pixels, image, bitmap, drawn, canvas];
        list.push(...(await clip.embedImages(kinds)));
        list.push(await clip.embedImage(picture, { decoder: "browser" }));
        list.push(await clip.embedImage(image, { decoder: "browser" }));
        list.push(await clip.embedImage(frame));
        if (bitmap.width === 0 || frame.codedWidth === 0) {
          throw new Error("the caller's own objects were taken away");
        }
        frame.close();
        await clip.dispose();
        return list.map((vector) => Array.from(vector));
      },
      { names },
    );
    assert.equal(got.length, 17);
    for (const vector of got) {
      assert.equal(vector.length, 192);
      assert.deepEqual(vector, got[0]);
    }
  });

  test("opens a checkpoint of bytes alone", { timeout }, async () => {
    const info = await page.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const bytes = await (await fetch("/oracle/openai-rn50/RN50.pt")).arrayBuffer();
      const clip = await Clip.load(bytes);
      await clip.dispose();
      return clip.info;
    });
    assert.equal(info.source, "openai");
  });

  test("reports progress", { timeout }, async () => {
    const reports = await page.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      /** @type {import("../dist/api.js").Progress[]} */
      const reports = [];
      const onProgress = (/** @type {import("../dist/api.js").Progress} */ progress) => reports.push(progress);
      const clip = await Clip.load(undefined, { onProgress, cache: false });
      await clip.dispose();
      return reports;
    });
    const weights = reports.filter(({ file }) => file === "model.safetensors");
    assert(weights.length >= 2, "a large file reports how far it is"); // how often depends on how fast it comes
    const counts = weights.map(({ loaded }) => loaded);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
    );
    assert.deepEqual(weights.at(-1), { ...weights.at(-1), status: "download", loaded: 7324714, total: 7324714 });
    const loads = reports.filter(({ status }) => status === "load");
    assert.equal(loads.at(-1)?.loaded, loads.at(-1)?.total);
    assert.equal(reports.at(-1)?.status, "ready");
  });

  test("stops what it computes, and goes on with what comes after", { timeout }, async () => {
    const got = await page.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const clip = await Clip.load();
      const picture = await (await fetch("/examples/dog.png")).blob();
      const alone = await clip.embedImage(picture);
      const controller = new AbortController();
      const { signal } = controller;
      const many = [
        clip.embedImages(
          Array.from({ length: 1000 }, () => picture),
          { signal },
        ),
        clip.embedTexts(
          Array.from({ length: 5000 }, (_, i) => `a drawing of ${i} dogs`),
          { signal },
        ),
        clip.classifier(
          Array.from({ length: 500 }, (_, i) => `${i} dogs`),
          { templates: "openai80", signal },
        ),
        ...Array.from({ length: 100 }, () => clip.embedImage(picture, { signal })),
      ];
      const codes = Promise.allSettled(many).then((settled) =>
        settled.map((result) => (result.status === "rejected" ? result.reason.code : "succeeded")),
      );
      await new Promise((later) => setTimeout(later, 500));
      controller.abort();
      const all = await codes;
      const again = await clip.embedImage(picture);
      const { pictures } = await clip.stats();
      await clip.dispose();
      return { codes: [...new Set(all)], pictures, same: String(again) === String(alone) };
    });
    assert.deepEqual(got.codes, ["aborted"]);
    assert(got.same);
    assert(got.pictures < 1000, `${got.pictures} pictures were embedded`);
  });

  test("lists and clears the files that are kept", { timeout }, async () => {
    const got = await page.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      await Clip.cache.clear();
      const empty = await Clip.cache.list();
      const clip = await Clip.load("/oracle/hf-clip-vit/model/", { cache: true }).catch(() =>
        Clip.load("/oracle/hf-clip-vit/", { cache: true }),
      );
      await clip.dispose();
      const kept = await Clip.cache.list();
      await Clip.cache.clear("/oracle/");
      return { empty, kept, after: await Clip.cache.list() };
    });
    assert.deepEqual([got.empty, got.after], [[], []]);
    const weights = got.kept.find((/** @type {{ address: string }} */ { address }) => address.endsWith(".safetensors"));
    assert(weights && weights.bytes === weights.size && weights.size > 0, JSON.stringify(got.kept));
  });

  test("ranks embeddings as it classifies pictures, and embeds no label twice", { timeout }, async () => {
    const got = await page.evaluate(async () => {
      const { Clip, cosine } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const clip = await Clip.load();
      const first = await clip.classifier(["dog", "pizza", "word ".repeat(100)], { templates: "a drawing of a {}" });
      const embedding = await clip.embedImage("/examples/dog.png");
      const classified = await first.classify("/examples/dog.png");
      const ranked = first.rank(embedding);
      const before = (await clip.stats()).texts;
      const second = await clip.classifier(["pizza", "car", "dog"], { templates: "a drawing of a {}" });
      const after = (await clip.stats()).texts;
      const logit = cosine(embedding, second.embeddings[2]) * clip.info.logit_scale + clip.info.logit_bias;
      const top = second.rank(embedding, { top: 1 });
      await clip.dispose();
      return { classified, ranked, more: after - before, logit, top, truncated: first.truncated.length };
    });
    assert.deepEqual(got.ranked, got.classified);
    assert.equal(got.more, 1, "only the car was not known");
    assert.equal(got.truncated, 1);
    assert.equal(got.top.length, 1);
    assert.equal(got.top[0].label, "dog");
    assert.equal(got.top[0].logit, got.logit);
  });

  test("takes a folder with a model in several files, as it is dropped", { timeout }, async () => {
    const got = await page.evaluate(async () => {
      const { Clip, droppedFiles } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const names = ["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"];
      const drop = new DataTransfer();
      for (const name of names) {
        const file = new File([await (await fetch(`/models/tiny/${name}`)).blob()], name);
        drop.items.add(file);
      }
      const files = await droppedFiles(drop);
      for (const file of files) {
        Object.defineProperty(file, "webkitRelativePath", { value: `somewhere/tiny/${file.name}` });
      }
      const clip = await Clip.load(files);
      const { embedding } = clip.info;
      await clip.dispose();
      return { embedding, names: files.map((/** @type {File} */ { name }) => name).sort() };
    });
    assert.equal(got.embedding, 192);
    assert.deepEqual(got.names, ["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"]);
  });

  test("has a worker for each model, and none after dispose", { timeout }, async () => {
    const other = await page.context().newPage();
    await other.goto(opened.server.origin);
    const load = async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const clip = await Clip.load();
      Object.assign(globalThis, { clip });
      return Array.from(await clip.embedText("dog"));
    };
    const [one, two] = await Promise.all([page.evaluate(load), other.evaluate(load)]);
    assert.deepEqual(one, two);
    const dispose = () => /** @type {any} */ (globalThis).clip.dispose();
    assert.equal(other.workers().length, 1);
    await page.evaluate(dispose);
    assert.equal((await other.evaluate(() => /** @type {any} */ (globalThis).clip.embedText("dog"))).length, 192);
    await other.evaluate(dispose);
    await other.waitForTimeout(100);
    assert.deepEqual([page.workers().length, other.workers().length], [0, 0]);
    await other.close();
  });
});
