// The device in a page that is cross-origin isolated: several threads and int8 on every golden model, the level of older browsers
// on some of them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import { assertDirections, assertTensors, dist, goldenModel, goldenNames, models, runGolden } from "./golden.js";
import { isolated, serve } from "./server.js";

const timeout = 60_000;

/** @type {Record<string, import("./golden.js").Options>} */
const settings = {
  "two threads": { device: "wasm", threads: 2 },
  simd128: { device: "wasm", threads: 2, level: "simd128" },
  int8: { device: "wasm", threads: 2, precision: "int8" },
  "int8, simd128": { device: "wasm", threads: 1, precision: "int8", level: "simd128" },
};

describe("the device of an isolated page", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").Page} */
  let page;

  before(
    async () => {
      const pages = { "/": "<!doctype html><title>goclip</title>" };
      server = await serve({ "/goclip/": dist, "/oracle/": models }, pages, 0, isolated);
      browser = await launch();
      page = await browser.newPage();
      page.setDefaultTimeout(timeout);
      await page.goto(server.origin);
    },
    { timeout },
  );

  after(async () => {
    await browser?.close();
    server?.close();
  });

  test("says what computes, and why", { timeout }, async () => {
    const infos = await page.evaluate(async (settings) => {
      const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
      const list = [];
      for (const options of settings) {
        const clip = await Clip.load(undefined, options);
        const { device, device_name, level, precision, threads, reason } = clip.info;
        list.push({ device, device_name, level, precision, threads, reason });
        await clip.dispose();
      }
      return list;
    }, Object.values(settings));
    const [threads, plain, int8] = infos;
    assert.deepEqual(threads, {
      device: "wasm",
      device_name: "wasm (relaxed, 2 threads, f32)",
      level: "relaxed",
      precision: "f32",
      threads: 2,
      reason: "the browser has relaxed SIMD; memory can be shared",
    });
    assert.equal(plain?.device_name, "wasm (simd128, 2 threads, f32)");
    assert.match(int8?.device_name ?? "", /^wasm \(relaxed, 2 threads, int8 with .* products\)$/);
  });

  for (const [number, name] of goldenNames.entries()) {
    const some = Object.values(settings).filter(({ level }) => number % 6 === 0 || !level);
    test(`computes ${name} as PyTorch does`, { timeout }, async () => {
      const model = goldenModel(name);
      for (const options of some) {
        const { tensors } = await runGolden(page, name, options);
        if (options.precision === "int8") {
          assertDirections(tensors, model, 0.995);
        } else {
          assertTensors(tensors, model);
        }
      }
    });
  }
});
