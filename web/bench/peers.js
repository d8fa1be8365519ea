// goclip beside onnxruntime-web in Chromium: one model with random weights, both in the same page, in turns.
//
//	bench/peers.py prepare DIR               an open_clip folder and its ONNX exports, float32 and int8
//	npm install --prefix ORT onnxruntime-web
//	web/build.sh
//	node web/bench/peers.js DIR ORT [image:f32:1 text:int8:2 …]
//
// A row is TOWER:PRECISION:THREADS, and has a page of its own. Each side computes a single picture, or a text of 77 tokens, for
// 0.9 seconds; then it is the other's turn, two rounds long. The table shows the better median of each and what
// onnxruntime-web takes over goclip's. GOCLIP_LEVEL=simd128 leaves relaxed SIMD out on goclip's side.

import path from "node:path";
import { launch } from "../test/browser.js";
import { dist } from "../test/golden.js";
import { isolated, serve } from "../test/server.js";

const [folder = "", runtime = "", ...asked] = process.argv.slice(2);
const every = [1, 2].flatMap((threads) =>
  ["f32", "int8"].flatMap((precision) => ["image", "text"].map((tower) => `${tower}:${precision}:${threads}`)),
);

/** Multiplications and additions of ViT-B/32 for one picture and one text. */
const operations = {
  image: 2 * (49 * 3072 * 768 + 12 * (50 * 12 * 768 ** 2 + 2 * 50 * 50 * 768) + 768 * 512),
  text: 2 * (12 * (77 * 12 * 512 ** 2 + 2 * 77 * 77 * 512) + 512 * 512),
};

const server = await serve(
  {
    "/goclip/": dist,
    "/model/": path.resolve(folder),
    "/ort/": path.resolve(runtime, "node_modules/onnxruntime-web/dist"),
  },
  { "/": "<!doctype html><title>goclip beside onnxruntime-web</title>" },
  0,
  isolated,
);
console.log(
  "row               device                                             goclip           onnxruntime-web   ratio",
);
for (const row of asked.length > 0 ? asked : every) {
  const [tower, precision, threads] = row.split(":");
  const level = process.env.GOCLIP_LEVEL ?? "";
  const browser = await launch();
  const page = await browser.newPage();
  page.on("console", (message) => console.error(message.text()));
  await page.goto(server.origin);
  const { name, goclip, ort } = await page.evaluate(measure, { tower, precision, threads: Number(threads), level });
  await browser.close();
  const speed = (/** @type {number} */ ms) =>
    `${ms.toFixed(1).padStart(6)} ms ${(operations[/** @type {"image" | "text"} */ (tower)] / ms / 1e6).toFixed(1).padStart(5)} G/s`;
  console.log(`${row.padEnd(15)} ${name.padEnd(46)} ${speed(goclip)}  ${speed(ort)}  ${(ort / goclip).toFixed(2)}`);
}
server.close();

/** Runs in the page. @param {any} row */
async function measure({ tower, precision, threads, level }) {
  const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
  const runtime = await import(/** @type {any} */ ("/ort/ort.wasm.min.mjs"));
  runtime.env.wasm.numThreads = threads;
  runtime.env.wasm.wasmPaths = "/ort/";
  const options = { device: "wasm", towers: tower, precision, threads, ...(level ? { level } : {}) };
  const clip = await Clip.load("/model/", options);
  const session = await runtime.InferenceSession.create(`/model/${tower}${precision === "int8" ? "-int8" : ""}.onnx`, {
    executionProviders: ["wasm"],
  });

  const noise = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i * i));
  const ids = BigInt64Array.from({ length: 77 }, (_, i) => BigInt(i === 76 ? 49407 : 1 + ((i * 7919) % 49000)));
  const [input, data, shape] =
    tower === "image" ? ["pixel_values", noise, [1, 3, 224, 224]] : ["input_ids", ids, [1, 77]];
  const feed = { x: new runtime.Tensor(tower === "image" ? "float32" : "int64", data, shape) };

  /** @type {[() => Promise<any>, () => Promise<any>]} */
  const sides = [() => clip.run({ [input]: { data, shape } }), () => session.run(feed)];
  const [mine, its] = [await sides[0](), await sides[1]()];
  const vector = mine[`${tower}_features`]?.data ?? mine[`${tower}_embeds`].data;
  const other = its.y.data;
  const dot = (/** @type {any} */ a, /** @type {any} */ b) =>
    a.reduce((/** @type {number} */ s, /** @type {number} */ v, /** @type {number} */ i) => s + v * b[i], 0);
  const cosine = dot(vector, other) / Math.sqrt(dot(vector, vector) * dot(other, other));
  if (!(cosine > (precision === "int8" ? 0.98 : 0.99999))) {
    console.warn(`the vectors have a cosine of ${cosine}`);
  }

  const best = [Infinity, Infinity];
  for (let round = 0; round < 2; round++) {
    for (const [i, side] of sides.entries()) {
      await side();
      const times = [];
      for (const begin = performance.now(); performance.now() - begin < 900;) {
        const start = performance.now();
        await side();
        times.push(performance.now() - start);
      }
      times.sort((a, b) => a - b);
      best[i] = Math.min(best[i] ?? Infinity, times[times.length >> 1] ?? Infinity);
    }
  }
  const { device_name: name } = clip.info;
  await clip.dispose();
  return { name, goclip: best[0] ?? NaN, ort: best[1] ?? NaN };
}
