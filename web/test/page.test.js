// The page in Chromium: what a visitor sees, and what the page's own API gives.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import {
  assertClose,
  assertRanked,
  assertTensors,
  dist,
  goldenInputs,
  goldenModel,
  goldenNames,
  models,
  shippedModel,
  site,
} from "./golden.js";
import { serve } from "./server.js";

const timeout = 60_000;

describe("the page", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").Page} */
  let page;
  /** @type {string[]} */
  let asked;
  /** @type {string[]} */
  let complaints;

  before(
    async () => {
      server = await serve(
        {
          "/": site,
          "/oracle/": models,
          "/models/tiny/": `${dist}/models/tiny`,
          "/front-page/": `${dist}/models/tiny`,
        },
        { "/front-page/open_clip_config.json": "<!doctype html><title>a server that never answers 404</title>" },
      );
      browser = await launch();
      page = await browser.newPage();
      page.setDefaultTimeout(timeout);
      asked = [];
      complaints = [];
      page.context().on("request", (request) => asked.push(request.url()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") {
          complaints.push(message.text());
        }
      });
      await page.goto(server.origin);
    },
    { timeout },
  );

  after(async () => {
    await browser?.close();
    server?.close();
  });

  test("labels the example picture", { timeout }, async () => {
    await page.waitForSelector("#status[data-state=done], #status[data-state=failed]");
    const status = await page.textContent("#status");
    const rows = await page.$$eval("#scores li", (items) => items.map((item) => item.textContent));
    assert.equal(rows.length, 4, `${status}`);
    assert.match(rows[0] ?? "", /^dog9\d\.\d %$/);
    assert.match(status ?? "", /wasm .*1 thread.* \d+ ms$/);
  });

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

  test("labels another example and other labels when asked", { timeout }, async () => {
    await page.fill("#labels", "cat, umbrella , tree");
    await page.press("#labels", "Enter");
    await page.click("#examples button[name=umbrella]");
    await page.waitForFunction(() => document.querySelector("#scores li span")?.textContent === "umbrella");
    await page.fill("#labels", "cat,cat");
    await page.press("#labels", "Enter");
    await page.waitForSelector("#status[data-state=failed]");
    assert.match((await page.textContent("#status")) ?? "", /"cat" is there twice/);
  });

  test("asks no other host and writes no complaint to the console", () => {
    const wasm = `${server.origin}/goclip/goclip.wasm`;
    assert(asked.includes(wasm), "the list holds what the worker asked for");
    assert.deepEqual(
      asked.filter((url) => !url.startsWith(`${server.origin}/`) && !/^(data|blob):/.test(url)),
      [],
    );
    assert.deepEqual(complaints, []);
  });

  for (const name of goldenNames) {
    test(`computes ${name} as PyTorch does`, { timeout }, async () => {
      const model = goldenModel(name);
      const { load, texts = [] } = model.expect;
      const got = await page.evaluate(
        async ({ source, inputs, texts }) => {
          const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
          const clip = await Clip.load(source);
          /** @type {Record<string, unknown>} */
          const tensors = {};
          for (const [name, { data, shape }] of Object.entries(inputs)) {
            const floats = name === "pixel_values";
            tensors[name] = { data: floats ? new Float32Array(data) : BigInt64Array.from(data, BigInt), shape };
          }
          const out = Object.entries(await clip.run(tensors, { hidden: true }));
          const vectors = texts.length > 0 ? await clip.embedTexts(texts) : [];
          await clip.dispose();
          return {
            tensors: out.map(([name, { data, shape }]) => ({ name, shape, data: Array.from(data) })),
            embeddings: vectors.flatMap((/** @type {Float32Array} */ vector) => Array.from(vector)),
          };
        },
        { source: `/oracle/${name}/${load}`, inputs: goldenInputs(model), texts },
      );
      assertTensors(Object.fromEntries(got.tensors.map(({ name, ...tensor }) => [name, tensor])), model);
      if (texts.length > 0) {
        assertClose(got.embeddings, model, "text_embeds");
      }
    });
  }

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
        list.push(...(await clip.embedImages([file, bytes, new Uint8Array(bytes), "/examples/dog.png", pixels])));
        await clip.dispose();
        return list.map((vector) => Array.from(vector));
      },
      { names },
    );
    assert.equal(got.length, 10);
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
      const clip = await Clip.load(undefined, { onProgress });
      await clip.dispose();
      return reports;
    });
    const weights = reports.filter(({ file }) => file === "model.safetensors");
    assert(weights.length > 5, "a large file reports more than its beginning and its end");
    assert.deepEqual(weights.at(-1), { ...weights.at(-1), status: "download", loaded: 7324714, total: 7324714 });
    const loads = reports.filter(({ status }) => status === "load");
    assert.equal(loads.at(-1)?.loaded, loads.at(-1)?.total);
    assert.equal(reports.at(-1)?.status, "ready");
  });

  test("rejects with codes", { timeout }, async () => {
    const codes = await page.evaluate(async () => {
      const { Clip, ClipError } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      /** @type {Record<string, string>} */
      const codes = {};
      /** @param {string} what @param {Promise<unknown>} promise */
      const fails = async (what, promise) => {
        try {
          await promise;
          codes[what] = "succeeded";
        } catch (error) {
          codes[what] = error instanceof ClipError ? /** @type {any} */ (error).code : `no ClipError: ${error}`;
        }
      };
      await fails("missing model", Clip.load("/nowhere/"));
      await fails("no checkpoint", Clip.load(new Blob(["certainly no weights"])));
      await fails("source of another type", Clip.load(7));
      await fails("no address", Clip.load("http://"));
      await fails("webgpu", Clip.load(undefined, { device: "webgpu" }));
      await fails("device", Clip.load(undefined, { device: "abacus" }));
      const controller = new AbortController();
      const onProgress = () => controller.abort();
      await fails("abort", Clip.load(undefined, { signal: controller.signal, onProgress }));

      const clip = await Clip.load();
      await fails("broken picture", clip.embedImage(new Blob(["no picture"])));
      await fails("missing picture", clip.embedImage("/examples/nothing.png"));
      await fails("picture of another type", clip.embedImage({}));
      await fails("text of another type", clip.embedText(7));
      await fails("same label twice", clip.classifier(["a", "a"]));
      await fails("wrong shape", clip.run({ input_ids: { data: new Int32Array(3), shape: [1, 4] } }));
      const unfinished = clip.embedImage(new Blob(["no picture"]));
      await clip.dispose();
      await fails("disposed meanwhile", unfinished);
      await clip.dispose();
      await fails("disposed", clip.embedText("dog"));
      return codes;
    });
    assert.deepEqual(codes, {
      "missing model": "not-found",
      "no checkpoint": "invalid-model",
      "source of another type": "invalid-argument",
      "no address": "invalid-argument",
      webgpu: "unsupported",
      device: "invalid-argument",
      abort: "aborted",
      "broken picture": "not-image",
      "missing picture": "not-found",
      "picture of another type": "invalid-argument",
      "text of another type": "invalid-argument",
      "same label twice": "invalid-argument",
      "wrong shape": "invalid-argument",
      "disposed meanwhile": "disposed",
      disposed: "disposed",
    });
  });
});
