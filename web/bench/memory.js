// Measures how much memory a page takes for a large model in Chromium, on Linux:
//
//	bench/peers.py prepare DIR               an open_clip folder
//	web/build.sh
//	node web/bench/memory.js DIR [image:f32:1 both:int8:2 …]
//
// A row is TOWERS:PRECISION:THREADS, and has a browser of its own, which knows nothing and takes the model from this machine. In
// megabytes: what the page's process has resident with the package's script alone; the most that it has while the model is loaded and
// computes once; what is left then; the memory of both wasm programs; the weights as the device packs them; and how far the peak is over
// the page and the packed weights.

import fs from "node:fs";
import path from "node:path";
import { launch } from "../test/browser.js";
import { dist, site } from "../test/golden.js";
import { isolated, serve } from "../test/server.js";

const [folder = "", ...asked] = process.argv.slice(2);
const every = [1, 2].flatMap((threads) =>
  ["f32", "int8"].flatMap((precision) => ["image", "both"].map((towers) => `${towers}:${precision}:${threads}`)),
);

const server = await serve(
  { "/goclip/": dist, "/examples/": path.join(site, "examples"), "/model/": path.resolve(folder) },
  { "/": "<!doctype html><title>memory</title>" },
  0,
  { ...isolated, etag: '"a version"' },
);

/** Megabytes of a process, as Linux counts them. @param {number} pid @param {string} what */
function memory(pid, what) {
  const line = new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(line?.[1]) * 1024) / 1e6;
}

console.log("row               page     peak    after     wasm   packed     over (MB)");
for (const row of asked.length > 0 ? asked : every) {
  const [towers, precision, threads] = row.split(":");
  const browser = await launch();
  const page = await browser.newPage();
  page.on("console", (message) => console.error(message.text()));
  await page.goto(server.origin);
  await page.evaluate(() => import(/** @type {any} */ ("/goclip/goclip.js")));
  await page.waitForTimeout(500);
  const pid = await renderer(browser, page);
  const before = memory(pid, "VmRSS");
  fs.writeFileSync(`/proc/${pid}/clear_refs`, "5"); // the peak begins anew
  const wasm = (await page.evaluate(load, { towers, precision, threads: Number(threads) })) / 1e6;
  const [peak, after] = [memory(pid, "VmHWM"), memory(pid, "VmRSS")];
  await browser.close();
  const packed = packedBytes(towers ?? "", precision ?? "") / 1e6;
  const cells = [before, peak, after, wasm, packed, peak - before - packed].map((value) =>
    value.toFixed(0).padStart(9),
  );
  console.log(`${row.padEnd(14)} ${cells.join("")}`);
}
server.close();
process.exit(0);

/** What the weights of towers take in the device's memory: matrices, but for tables, as bytes with int8.
 * @param {string} towers @param {string} precision */
function packedBytes(towers, precision) {
  const file = path.join(folder, "open_clip_model.safetensors");
  const start = Buffer.alloc(8);
  const opened = fs.openSync(file, "r");
  fs.readSync(opened, start, 0, 8, 0);
  const header = Buffer.alloc(Number(start.readBigUInt64LE()));
  fs.readSync(opened, header, 0, header.length, 8);
  fs.closeSync(opened);
  let total = 0;
  for (const [name, { shape = [] }] of Object.entries(JSON.parse(header.toString()))) {
    const values = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
    const matrix = shape.length > 1 && !/embedding/.test(name);
    if (name !== "__metadata__" && (towers === "both" || name.startsWith("visual.") === (towers === "image"))) {
      total += precision === "int8" && matrix ? values : 4 * values;
    }
  }
  return total;
}

/** The process of a page. @param {import("playwright-core").Browser} browser @param {import("playwright-core").Page} page */
async function renderer(browser, page) {
  const session = await browser.newBrowserCDPSession();
  const ticks = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const own = processInfo.filter(({ type }) => type === "renderer");
    return new Map(own.map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await ticks();
  await page.evaluate(() => {
    for (const end = performance.now() + 300; performance.now() < end;);
  });
  const spent = [...(await ticks())].map(([id, time]) => ({ id, time: time - (before.get(id) ?? 0) }));
  await session.detach();
  return spent.reduce((a, b) => (a.time > b.time ? a : b)).id;
}

/** Runs in the page. @param {any} row */
async function load({ towers, precision, threads }) {
  const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
  const clip = await Clip.load("/model/", { device: "wasm", towers, precision, threads });
  await clip.embedImage("/examples/dog.png");
  if (towers === "both") {
    await clip.embedText("a picture of a dog");
  }
  return (await clip.stats()).memory;
}
