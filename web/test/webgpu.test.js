// Models on WebGPU, as Chromium computes it on the CPU (SwiftShader). All golden models run there in Go's own tests, which compile
// each shader once for all of them (make web-test, internal/conformance).

import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import {
  assertDirections,
  assertRanked,
  assertTensors,
  dist,
  goldenModel,
  models,
  runGolden,
  shippedModel,
  site,
} from "./golden.js";
import { serve } from "./server.js";

const timeout = 180_000;

/** @type {{ name: string, precision: "f32" | "f16" | "int8", cosine?: number }[]} */
const cases = [
  { name: "hf-clip-vit", precision: "f32" },
  { name: "openai-rn50", precision: "f16", cosine: 0.9999 },
  { name: "openclip-vit", precision: "int8", cosine: 0.995 },
];

/** The package's worker, which lets a test at its GPU. @param {import("node:http").ServerResponse} response */
function watched(response) {
  response.setHeader("content-type", "text/javascript");
  const script = fs.readFileSync(`${dist}/worker.js`, "utf8");
  response.end(`${script}
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...options) {
      return (globalThis.gpu = await request.apply(this, options));
    };`);
}

/** What clip.info says of the device. @param {any} info */
function described({ device, device_name, level, reason, precision, threads }) {
  return { device, device_name, level, reason, precision, threads };
}

describe("WebGPU", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").Page} */
  let page;

  before(
    async () => {
      const folders = { "/": site, "/oracle/": models, "/models/tiny/": `${dist}/models/tiny`, "/watched/": dist };
      server = await serve(folders, {
        "/watched/worker.js": watched,
        "/watched/": "<!doctype html><title>a page</title>",
      });
      browser = await launch(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);
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

  for (const { name, precision, cosine } of cases) {
    test(`computes ${name} in ${precision}`, { timeout }, async () => {
      const model = goldenModel(name);
      const { info, tensors } = await runGolden(page, name, { device: "webgpu", precision }, cosine === undefined);
      assert.equal(info.device, "webgpu");
      assert.equal(info.precision, precision);
      if (cosine === undefined) {
        assertTensors(tensors, model);
      } else {
        assertDirections(tensors, model, cosine); // beyond float32 only the direction of an embedding counts
      }
    });
  }

  test("labels a picture, and chooses the CPU by itself, as this adapter is no GPU", { timeout }, async () => {
    const { labels, pictures } = shippedModel();
    const got = await page.evaluate(
      async ({ labels, name }) => {
        const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
        const answers = [];
        for (const device of ["webgpu", "auto"]) {
          const clip = await Clip.load(undefined, { device });
          const classifier = await clip.classifier(labels);
          answers.push({ info: clip.info, ranked: await classifier.classify(`/examples/${name}.png`) });
          await clip.dispose();
        }
        return answers;
      },
      { labels, name: pictures[0]?.name },
    );
    for (const { ranked } of got) {
      assertRanked(ranked, labels, pictures[0]?.probabilities ?? []);
    }
    assert.deepEqual(
      got.map(({ info }) => info.device),
      ["webgpu", "wasm"],
    );
    assert.match(got[1]?.info.reason, /computes on the CPU/);
  });

  test("says what computes after the GPU was lost, once and again", { timeout }, async () => {
    const other = await browser.newPage();
    other.setDefaultTimeout(timeout);
    await other.goto(`${server.origin}/watched/`);
    const embed = () =>
      other.evaluate(async () => {
        const global = /** @type {any} */ (globalThis);
        const { Clip } = await import(/** @type {any} */ ("/watched/goclip.js"));
        global.clip ??= await Clip.load(undefined, { device: "webgpu" });
        const vector = Array.from(await global.clip.embedImage("/examples/dog.png"));
        return { vector, info: global.clip.info };
      });
    const lose = () => other.workers()[0]?.evaluate(() => /** @type {any} */ (globalThis).gpu.destroy());
    const first = await embed();
    assert.deepEqual([first.info.device, first.info.decoder], ["webgpu", "goclip"]);
    for (const device of ["webgpu", "wasm"]) {
      await lose();
      const { vector, info } = await embed();
      const of = described(first.info);
      assert.deepEqual({ ...info, ...of }, { ...first.info, ...of }, "the model is the same");
      assert.equal(info.device, device);
      assert.match(info.device_name, device === "wasm" ? /^wasm \(/ : /^webgpu \(/);
      assert.match(info.reason, /lost/);
      vector.forEach((value, i) => assert(Math.abs(value - (first.vector[i] ?? NaN)) < 1e-4));
    }
    await other.close();
  });
});
