// Models on WebGPU, as Chromium computes it on the CPU (SwiftShader). All golden models run there in Go's own tests, which compile
// each shader once for all of them (make web-test, internal/conformance).

import assert from "node:assert/strict";
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

describe("WebGPU", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").Page} */
  let page;

  before(
    async () => {
      server = await serve({ "/": site, "/oracle/": models, "/models/tiny/": `${dist}/models/tiny` });
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
});
