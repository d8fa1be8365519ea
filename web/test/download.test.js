// Models from servers that fail in every way, and from the browser's cache.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import { goldenModel, readSafetensors } from "./golden.js";
import { folderOf, safetensors, serveFaulty } from "./network.js";

const timeout = 60_000;
const weights = "open_clip_model.safetensors";
const table = "token_embedding.weight";

/** A golden model with a text table of so many rows, which lies in the middle of its checkpoint. Beyond the width that it
 * has, its text tower is all zero.
 * @param {number} rows @param {number} [width] @returns {Record<string, import("./network.js").Parts>} */
function model(rows, width = 48) {
  const { folder } = goldenModel("openclip-vit");
  const config = JSON.parse(fs.readFileSync(path.join(folder, "open_clip_config.json"), "utf8"));
  const { text_cfg, embed_dim } = config.model_cfg;
  const factor = width / text_cfg.width;
  Object.assign(text_cfg, { vocab_size: rows, width, heads: text_cfg.heads * factor });
  const tensors = Object.entries(readSafetensors(path.join(folder, weights))).map(([name, { dtype, shape, data }]) => {
    if (name === table) {
      return { name, dtype, shape: [rows, width], data: tableBytes(rows, width) };
    }
    if (factor === 1 || name.startsWith("visual.") || shape.length === 0) {
      return { name, dtype, shape, data };
    }
    const wide = name === "text_projection" ? [width, embed_dim] : shape.map((n) => (n === 77 ? n : n * factor));
    return { name, dtype, shape: wide, data: 4 * wide.reduce((product, n) => product * n, 1) };
  });
  const middle = tensors.findIndex(({ name }) => name === table);
  tensors.splice(tensors.length >> 1, 0, ...tensors.splice(middle, 1));
  return {
    ...folderOf(folder),
    "open_clip_config.json": [Buffer.from(JSON.stringify(config))],
    [weights]: safetensors(tensors),
  };
}

/** Bytes of a table. @param {number} rows @param {number} [width] */
const tableBytes = (rows, width = 48) => rows * width * 4;

const rows = 100_000; // 19 MB: five chunks
const many = 600_000; // 115 MB

describe("models behind an address", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serveFaulty>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").BrowserContext} */
  let context;
  /** @type {import("playwright-core").Page} */
  let page;
  /** The embeddings of all tests. @type {{ vector?: string, text?: string | undefined }} */
  const expected = {};

  before(
    async () => {
      server = await serveFaulty({ model: model(rows), large: model(many), giant: model(8 << 20, 192) });
      browser = await launch();
    },
    { timeout },
  );

  after(async () => {
    await browser?.close();
    server?.close();
  });

  beforeEach(
    async () => {
      server.reset();
      await context?.close();
      context = await browser.newContext();
      page = await open();
    },
    { timeout },
  );

  async function open() {
    const page = await context.newPage();
    page.setDefaultTimeout(timeout);
    await page.goto(server.origin);
    await page.waitForFunction(() => document.title === "ready");
    return page;
  }

  /** Loads a model, embeds a picture of one grey with it, and disposes of it; or the error.
   * @param {string} source @param {object} [options] */
  function embed(source, options = {}, on = page) {
    return on.evaluate(
      async ({ source, options }) => {
        const { abortAfter, ...rest } = /** @type {any} */ (options);
        const controller = new AbortController();
        if (abortAfter) {
          setTimeout(() => controller.abort(), abortAfter);
        }
        /** @type {any[]} */
        const reports = [];
        const onProgress = (/** @type {any} */ report) => reports.push(report);
        const began = performance.now();
        try {
          const clip = await goclip.load(source, { ...rest, onProgress, signal: controller.signal });
          const image = new ImageData(new Uint8ClampedArray(32 * 32 * 4).fill(99), 32, 32);
          const vector = String(await clip.embedImage(image));
          const text = rest.towers ? undefined : String(await clip.embedText("a dog"));
          await clip.dispose();
          return { vector, text, reports, took: performance.now() - began };
        } catch (error) {
          const { code, message } = /** @type {any} */ (error);
          return { code, message, reports, took: performance.now() - began };
        }
      },
      { source, options },
    );
  }

  /** @param {{ vector?: string, text?: string | undefined, message?: string }} result */
  function assertEmbeds({ vector, text, message }) {
    assert(vector, message);
    expected.vector ??= vector;
    assert.equal(vector, expected.vector);
    expected.text ??= text;
    assert.equal(text ?? expected.text, expected.text);
  }

  /** @returns {Promise<{ address: string, bytes: number, size: number }[]>} */
  const list = (on = page) => on.evaluate(() => /** @type {any} */ (goclip).cache.list());

  const size = (/** @type {import("./network.js").Parts} */ parts) =>
    parts.reduce((/** @type {number} */ sum, part) => sum + (typeof part === "number" ? part : part.length), 0);

  test("are kept, compared with the server's, and forgotten when told to", { timeout }, async () => {
    assertEmbeds(await embed("/model/"));
    const whole = server.log.bytes;
    const kept = await list();
    const checkpoint = kept.find(({ address }) => address === `${server.origin}/model/${weights}`);
    assert.equal(checkpoint?.bytes, checkpoint?.size);
    assert.equal(checkpoint?.size, size(model(rows)[weights] ?? []));
    assert(kept.some(({ address }) => address.endsWith("/open_clip_config.json")));

    server.log.bytes = 0;
    server.log.requests.length = 0;
    page = await open();
    assertEmbeds(await embed("/model/"));
    assert(server.log.bytes < 100_000, `${server.log.bytes} of ${whole} bytes came again`);
    assert(server.log.requests.includes(`/model/${weights} bytes=0-0`), "the server was asked for the version");

    server.faults.version = '"2"';
    assertEmbeds(await embed("/model/"));
    assert(server.log.bytes > tableBytes(rows), "another version is another file");

    await page.evaluate((at) => /** @type {any} */ (goclip).cache.clear(at), `/model/${weights}`);
    assert(!(await list()).some(({ address }) => address.endsWith(weights)));
    assert.notDeepEqual(await list(), []);
    await page.evaluate(() => /** @type {any} */ (goclip).cache.clear("/model"));
    assert.deepEqual(await list(), []);
    assertEmbeds(await embed("/model/", { cache: false }));
    assert.deepEqual(await list(), []);
  });

  test("take little more memory than their weights", { timeout }, async () => {
    const megabytes = await page.evaluate(async () => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const clip = await Clip.load("/large/", { device: "wasm", threads: 1 });
      const { memory } = await clip.stats();
      await clip.dispose();
      return memory / 1e6;
    });
    const packed = tableBytes(many) / 1e6; // and the rest is small
    assert(megabytes > packed && megabytes < packed + 45, `${megabytes} MB for weights of ${packed}`);
  });

  test("are asked for in longer parts where the connection is slow", { timeout }, async () => {
    server.faults.pace = 1;
    assertEmbeds(await embed("/large/", { cache: false }));
    const parts = server.log.requests.map((request) => /bytes=(\d+)-(\d+)/.exec(request) ?? []);
    const longest = Math.max(...parts.map(([, from = 0, to = 0]) => Number(to) + 1 - Number(from)));
    assert(longest > 16 << 20, `${longest} bytes at once`);
  });

  test("load from the cache without a connection", { timeout }, async () => {
    assertEmbeds(await embed("/model/"));
    await context.setOffline(true);
    assertEmbeds(await embed("/model/"));
    const { code } = await embed("/large/");
    assert.equal(code, "network");
    await context.setOffline(false);
    server.faults.status = 503;
    assertEmbeds(await embed("/model/"));
  });

  test("are not kept where nobody can tell versions apart", { timeout }, async () => {
    server.faults.version = "";
    assertEmbeds(await embed("/model/"));
    assert.deepEqual(await list(), []);
  });

  test("come without the tower that is not asked for", { timeout }, async () => {
    assertEmbeds(await embed("/large/", { towers: "image" }));
    assert(server.log.bytes < tableBytes(many) / 4, `${server.log.bytes} bytes came`);
    const [checkpoint] = (await list()).filter(({ address }) => address.endsWith(weights));
    assert(checkpoint && checkpoint.bytes < checkpoint.size / 4);
  });

  for (const ranges of [true, false]) {
    for (const cache of ["auto", false]) {
      const how = `${ranges ? "with" : "without"} Range requests, ${cache ? "kept" : "not kept"}`;
      test(`go on where a connection broke: ${how}`, { timeout }, async () => {
        Object.assign(server.faults, { ranges, cut: 300_000, cuts: 2 });
        assertEmbeds(await embed("/model/", { cache }));
        assert.equal(server.faults.cuts, 0, "the connection broke");
        const whole = size(model(rows)[weights] ?? []);
        if (ranges) {
          assert(server.log.bytes < whole * 1.5, `${server.log.bytes} bytes for a file of ${whole}`);
        }
      });
    }
  }

  test("fail when connections keep breaking, and go on later", { timeout }, async () => {
    Object.assign(server.faults, { cut: 1000 });
    const failed = await embed("/model/");
    assert.equal(failed.code, "network");
    assert.match(failed.message, /connection was lost/);
    Object.assign(server.faults, { cut: 9 << 20, cuts: Infinity, ranges: false });
    const cut = await embed("/model/");
    assert.equal(cut.code, "network");
    server.reset();
    assertEmbeds(await embed("/model/"));
    const whole = size(model(rows)[weights] ?? []);
    assert(server.log.bytes < whole - (4 << 20), `${server.log.bytes} of ${whole} bytes came again`);
  });

  test("fail when a server goes silent", { timeout }, async () => {
    server.faults.silent = true;
    const { code, message, took } = await embed("/model/", { timeout: 200 });
    assert.equal(code, "network");
    assert.match(message, /nothing came for 200ms/);
    assert(took < 20_000);
    server.faults.mute = true;
    assert.equal((await embed("/model/", { timeout: 200, cache: false })).code, "network");
  });

  test("fail when they change meanwhile", { timeout }, async () => {
    server.faults.pace = 15;
    const loading = embed("/model/");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    server.faults.version = '"2"';
    const { code, message } = await loading;
    assert.equal(code, "network", message);
    assert.match(message, /changed while it was downloaded/);
  });

  test("come from other origins, which may hide what they are", { timeout }, async () => {
    const other = await serveFaulty({ model: model(rows) });
    try {
      assertEmbeds(await embed(`${other.origin}/model/`));
      const kept = (await list()).find(({ address }) => address === `${other.origin}/model/${weights}`);
      assert.equal(kept?.bytes, kept?.size);
      await page.evaluate(() => /** @type {any} */ (goclip).cache.clear());
      other.faults.discreet = true;
      assertEmbeds(await embed(`${other.origin}/model/`));
      assert.deepEqual(await list(), []);
    } finally {
      other.close();
    }
  });

  test("end when aborted, and go on later", { timeout }, async () => {
    server.faults.pace = 15;
    const { code, took } = await embed("/model/", { abortAfter: 2500 });
    assert.equal(code, "aborted");
    assert(took < 5000, `it took ${took} ms`);
    const kept = (await list()).find(({ address }) => address.endsWith(weights));
    assert(kept && kept.bytes > 0 && kept.bytes < kept.size);
    server.reset();
    assertEmbeds(await embed("/model/"));
    assert(server.log.bytes < kept.size - kept.bytes + (3 << 20), `${server.log.bytes} bytes came again`);
  });

  test("end with their page, and go on in another", { timeout }, async () => {
    server.faults.pace = 15;
    const closed = embed("/model/").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await page.close();
    await closed;
    page = await open();
    const kept = (await list()).find(({ address }) => address.endsWith(weights));
    assert(kept && kept.bytes > 0 && kept.bytes < kept.size);
    server.reset();
    assertEmbeds(await embed("/model/"));
  });

  test("are the same in two tabs that load at once", { timeout }, async () => {
    server.faults.pace = 2;
    const other = await open();
    const results = await Promise.all([embed("/model/"), embed("/model/", {}, other)]);
    results.forEach(assertEmbeds);
    const kept = (await list()).find(({ address }) => address.endsWith(weights));
    assert.equal(kept?.bytes, kept?.size);
    server.reset();
    assertEmbeds(await embed("/model/", {}, other));
    assert(server.log.bytes < 100_000);

    server.faults.version = '"2"';
    server.faults.pace = 2;
    const clearing = other.evaluate(async () => {
      for (let i = 0; i < 20; i++) {
        await /** @type {any} */ (goclip).cache.clear();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    assertEmbeds(await embed("/model/"));
    await clearing;
  });

  test("fit the browser's quota, or say so", { timeout }, async () => {
    await page.evaluate(() => {
      const estimate = navigator.storage.estimate.bind(navigator.storage);
      navigator.storage.estimate = async () => ({ quota: 30 << 20, usage: (await estimate()).usage });
    });
    const { code, message } = await embed("/model/", { cache: true });
    assert.equal(code, "quota");
    assert.match(message, /the browser stores only \d+ more/);
    assertEmbeds(await embed("/model/"));
    assert(!(await list()).some(({ address }) => address.endsWith(weights)));
    page = await open();
    assertEmbeds(await embed("/model/", { cache: true }));
    assert((await list()).some(({ address }) => address.endsWith(weights)));
  });

  test("load although the browser's storage fails meanwhile", { timeout }, async () => {
    await page.evaluate(() => {
      let puts = 0;
      const put = Cache.prototype.put;
      Cache.prototype.put = function (...args) {
        return ++puts > 4 ? Promise.reject(new DOMException("full", "QuotaExceededError")) : put.apply(this, args);
      };
    });
    assertEmbeds(await embed("/model/"));
    const { code } = await embed("/large/", { cache: true });
    assert.equal(code, "quota");
  });

  test("fail with a code where there is none", { timeout }, async () => {
    const codes = async (/** @type {string} */ source) => {
      const { code, message } = await embed(source);
      return [code, message];
    };
    assert.equal((await codes("/nowhere/"))[0], "not-found");
    assert.equal((await codes("/model/other.safetensors"))[0], "not-found");
    server.faults.html = true;
    assert.equal((await codes("/nowhere/"))[0], "not-found");
    const [code, message] = await codes("/model/other.safetensors");
    assert.equal(code, "invalid-model");
    assert.match(message, /is a web page and no checkpoint/);
    server.faults.status = 500;
    assert.equal((await codes("/model/"))[0], "network");
    assert.equal((await codes("http://127.0.0.1:9/model/"))[0], "network");
  });

  test("load from servers that do not tell sizes", { timeout }, async () => {
    server.faults.unsized = true;
    assertEmbeds(await embed("/model/"));
    Object.assign(server.faults, { ranges: false, cut: 6 << 20, cuts: 1 });
    assertEmbeds(await embed("/model/", { cache: false }));
  });

  test("say what they need when it is too much", { timeout }, async () => {
    const { code, message } = await embed("/giant/");
    assert.equal(code, "too-large", message);
    assert.match(message, /needs 6\.4 GB, .*towers: "image"/);
    assert(server.log.bytes < 30 << 20, "nothing but the header was fetched");
    assertEmbeds(await embed("/giant/", { towers: "image" }));
  });
});
