// What a page is told when something cannot be done.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { skip } from "./browser.js";
import { blank, folders, openPage } from "./page.js";
import { serve } from "./server.js";

const timeout = 60_000;

/** @param {import("node:http").ServerResponse} response */
function cutOff(response) {
  response.writeHead(200, { "content-length": 1_000_000 });
  response.write(Buffer.alloc(1000), () => response.destroy());
}

const pages = {
  "/html/model.safetensors": blank,
  "/html.png": blank,
  "/cut/model.safetensors": cutOff,
  "/cut.png": cutOff,
  "/broken/config.json": (/** @type {import("node:http").ServerResponse} */ response) =>
    void response.writeHead(503).end(),
};

describe("the package tells what is wrong", { skip }, () => {
  /** @type {import("./page.js").Opened} */
  let opened;
  /** @type {import("playwright-core").Page} */
  let page;

  before(
    async () => {
      opened = await openPage(pages, timeout);
      page = opened.page;
    },
    { timeout },
  );
  after(() => opened?.close());

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

  test("says what a policy must allow", { timeout }, async () => {
    const strict = await serve(folders, { "/": blank }, 0, {
      "content-security-policy": "default-src 'self'; script-src 'self'",
    });
    const other = await opened.browser.newPage();
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
