// The package and the demo in Firefox. What they do is tested in Chromium; here it is seen to be the same elsewhere.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { launchFirefox, skipFirefox } from "./browser.js";
import {
  assertClose,
  assertDirections,
  assertRanked,
  assertTensors,
  dist,
  goldenModel,
  goldenNames,
  models,
  pictures,
  runGolden,
  shippedModel,
  site,
} from "./golden.js";
import { isolated, serve } from "./server.js";

const timeout = 180_000; // beside the tests in Chromium

const photographs = fs.readdirSync(pictures).filter((name) => /^jpeg_.*\.jpg$/.test(name));

describe("Firefox", { skip: skipFirefox }, () => {
  const folders = { "/": site, "/oracle/": models, "/pictures/": pictures };
  const blank = { "/blank": "<!doctype html><title>a page</title>" };
  /** @type {Awaited<ReturnType<typeof serve>>[]} */
  const servers = [];
  /** @type {import("puppeteer-core").Browser} */
  let browser;
  /** @type {string[]} */
  const complaints = [];

  before(
    async () => {
      browser = await launchFirefox();
    },
    { timeout },
  );

  after(async () => {
    await browser?.close();
    servers.forEach((server) => server.close());
    assert.deepEqual(complaints, []);
  });

  /** Opens a page of a server of its own. @param {string} path @param {Record<string, string>} headers */
  async function open(path, headers) {
    const server = await serve(folders, blank, 0, headers);
    servers.push(server);
    const page = await browser.newPage();
    page.setDefaultTimeout(timeout);
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(server.origin + path);
    return { page, server };
  }

  /** @type {Record<string, { headers: Record<string, string>, threads: number }>} */
  const kinds = {
    "a plain page": { headers: {}, threads: 1 },
    "an isolated page": { headers: isolated, threads: Math.min(8, os.availableParallelism()) },
  };
  for (const [kind, { headers, threads }] of Object.entries(kinds)) {
    test(`${kind} computes golden models as PyTorch does`, { timeout }, async () => {
      const { page } = await open("/blank", headers);
      for (const name of goldenNames) {
        const model = goldenModel(name);
        const got = await runGolden(page, name, { device: "wasm", precision: "f32" });
        assert.equal(got.info.threads, threads);
        assertTensors(got.tensors, model);
        if (model.expect.texts) {
          assertClose(got.embeddings, model, "text_embeds");
        }
      }
      const model = goldenModel("hf-clip-vit");
      const plain = await runGolden(page, "hf-clip-vit", /** @type {any} */ ({ device: "wasm", level: "simd128" }));
      assert.equal(plain.info.level, "simd128");
      assertTensors(plain.tensors, model);
      const int8 = await runGolden(page, "hf-clip-vit", { device: "wasm", precision: "int8" });
      assertDirections(int8.tensors, model, 0.995);
      await page.close();
    });
  }

  test("decodes photographs with the same pixels as Node", { timeout }, async () => {
    assert(photographs.length > 3, "there are some");
    const { page } = await open("/blank", {});
    const addresses = photographs.map((name) => `/pictures/${name}`);
    const got = await page.evaluate(async (addresses) => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const clip = await Clip.load(undefined, { threads: 1 });
      const vectors = await clip.embedImages(addresses);
      await clip.dispose();
      return vectors.map((/** @type {Float32Array} */ vector) => Array.from(vector));
    }, addresses);
    await page.close();
    const { Clip } = await import(path.join(dist, "node.js"));
    const clip = await Clip.load(undefined, { threads: 1 });
    const want = await clip.embedImages(photographs.map((name) => `${pictures}/${name}`));
    await clip.dispose();
    photographs.forEach((name, i) =>
      want[i]?.forEach((/** @type {number} */ value, /** @type {number} */ j) =>
        assert(Math.abs(value - got[i][j]) < 1e-6, `${name}: value ${j}`),
      ),
    );
  });

  test("labels pictures in the demo, also without a network", { timeout }, async () => {
    const { page, server } = await open("/", {});
    const labelled = async () => {
      await page.waitForSelector("#state[data-state=done]");
      return page.$eval("#bars li", ({ textContent }) => textContent);
    };
    assert.match((await labelled()) ?? "", /^dog9/);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    server.close();
    await page.reload();
    assert.match((await labelled()) ?? "", /^dog9/);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true, "the service worker sends the headers");
    await page.close();
  });

  test("gives PyTorch's probabilities", { timeout }, async () => {
    const { labels, pictures } = shippedModel();
    const { page } = await open("/blank", isolated);
    for (const { name, probabilities } of pictures) {
      const ranked = await page.evaluate(
        async (labels, name) => {
          const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
          const clip = await Clip.load();
          const answer = await (await clip.classifier(labels)).classify(`/examples/${name}.png`);
          await clip.dispose();
          return answer;
        },
        labels,
        name,
      );
      assertRanked(ranked, labels, probabilities);
    }
    await page.close();
  });
});
