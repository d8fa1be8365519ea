// The package in Chromium: what a page gets from it.

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
  pictures as oraclePictures,
  shippedModel,
  site,
} from "./golden.js";
import { serve } from "./server.js";

const timeout = 60_000;

/** A page of a site that keeps to the strictest policy under which the package works. */
const policy = {
  etag: '"a version"', // files without one are not kept
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' blob:; img-src 'self' blob:",
};
const blank = "<!doctype html><title>a page</title><link rel=icon href=/examples/dog.png>";

const folders = {
  "/goclip/": dist,
  "/examples/": `${site}/examples`,
  "/pictures/": oraclePictures,
  "/oracle/": models,
  "/models/tiny/": `${dist}/models/tiny`,
  "/front-page/": `${dist}/models/tiny`,
};

/** @param {import("node:http").ServerResponse} response */
function cutOff(response) {
  response.writeHead(200, { "content-length": 1_000_000 });
  response.write(Buffer.alloc(1000), () => response.destroy());
}

const html = "<!doctype html><title>a server that never answers 404</title>";
const pages = {
  "/": blank,
  "/front-page/open_clip_config.json": html,
  "/html/model.safetensors": html,
  "/html.png": html,
  "/cut/model.safetensors": cutOff,
  "/cut.png": cutOff,
  "/broken/config.json": (/** @type {import("node:http").ServerResponse} */ response) =>
    void response.writeHead(503).end(),
};

describe("the package in a plain page", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").Page} */
  let page;
  /** @type {string[]} */
  const complaints = [];

  before(
    async () => {
      server = await serve(folders, pages, 0, policy);
      browser = await launch();
      page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(timeout);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        // A server that was asked for a file that may be missing; wasm/README.md.
        if (/error|warning/.test(message.type()) && !message.text().startsWith("Failed to load resource")) {
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
    assert.deepEqual(complaints, []);
  });

  for (const name of goldenNames) {
    test(`computes ${name} as PyTorch does`, { timeout }, async () => {
      const model = goldenModel(name);
      const { load, texts = [] } = model.expect;
      const got = await page.evaluate(
        async ({ source, inputs, texts }) => {
          const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
          const clip = await Clip.load(source, { device: "wasm", precision: "f32" });
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
      await fails("HTML instead of a model", Clip.load("/html/model.safetensors"));
      await fails("cut off", Clip.load("/cut/model.safetensors"));
      await fails("server that fails", Clip.load("/broken/"));
      await fails("no server", Clip.load("http://127.0.0.1:9/model.safetensors"));
      await fails("empty folder", Clip.load([]));
      await fails("folder without a model", Clip.load([new File(["a"], "a.txt"), new File(["b"], "b.txt")]));
      await fails("decoder", Clip.load(undefined, { decoder: "abacus" }));
      await fails("webgpu", Clip.load(undefined, { device: "webgpu" }));
      await fails("device", Clip.load(undefined, { device: "abacus" }));
      const controller = new AbortController();
      const onProgress = () => controller.abort();
      await fails("abort", Clip.load(undefined, { signal: controller.signal, onProgress }));

      const clip = await Clip.load();
      await fails("broken picture", clip.embedImage(new Blob(["no picture"])));
      await fails("missing picture", clip.embedImage("/examples/nothing.png"));
      await fails("HTML instead of a picture", clip.embedImage("/html.png"));
      await fails("picture cut off", clip.embedImage("/cut.png"));
      await fails("broken picture, the browser's decoder", clip.embedImage(new Blob(["no"]), { decoder: "browser" }));
      await fails(
        "missing picture, the browser's decoder",
        clip.embedImage("/examples/nothing.png", { decoder: "browser" }),
      );
      await fails(
        "canvas without pixels",
        clip.embedImage(Object.assign(document.createElement("canvas"), { width: 0 })),
      );
      await fails("aborted before", clip.embedText("dog", { signal: AbortSignal.abort() }));
      await fails("no list of pictures", clip.embedImages(7));
      await fails("one string for a list", clip.embedTexts("dog"));
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
      "HTML instead of a model": "invalid-model",
      "cut off": "network",
      "server that fails": "network",
      "no server": "network",
      "empty folder": "invalid-argument",
      "folder without a model": "not-found",
      decoder: "invalid-argument",
      webgpu: "unsupported",
      device: "invalid-argument",
      abort: "aborted",
      "broken picture": "not-image",
      "missing picture": "not-found",
      "HTML instead of a picture": "not-image",
      "picture cut off": "network",
      "broken picture, the browser's decoder": "not-image",
      "missing picture, the browser's decoder": "not-found",
      "canvas without pixels": "not-image",
      "aborted before": "aborted",
      "no list of pictures": "invalid-argument",
      "one string for a list": "invalid-argument",
      "picture of another type": "invalid-argument",
      "text of another type": "invalid-argument",
      "same label twice": "invalid-argument",
      "wrong shape": "invalid-argument",
      "disposed meanwhile": "disposed",
      disposed: "disposed",
    });
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

  test("gives a caller's own errors back", { timeout }, async () => {
    const message = await page.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const onProgress = () => {
        throw new RangeError("enough");
      };
      return Clip.load(undefined, { onProgress }).catch(
        (/** @type {Error} */ error) => `${error.name}: ${error.message}`,
      );
    });
    assert.equal(message, "RangeError: enough");
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
    await other.goto(server.origin);
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

  test("says what a policy must allow", { timeout }, async () => {
    const strict = await serve(folders, { "/": blank }, 0, {
      "content-security-policy": "default-src 'self'; script-src 'self'",
    });
    const other = await browser.newPage();
    await other.goto(strict.origin);
    const error = await other.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      return Clip.load().catch((/** @type {any} */ { code, message }) => ({ code, message }));
    });
    assert.equal(error.code, "unsupported");
    assert.match(error.message, /wasm-unsafe-eval/);
    await other.close();
    strict.close();
  });
});
