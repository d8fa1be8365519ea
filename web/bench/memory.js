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

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { executablePath } from "../test/browser.js";
import { dist, site } from "../test/golden.js";
import { isolated, serve } from "../test/server.js";

const [folder = "", ...asked] = process.argv.slice(2);
const every = [1, 2].flatMap((threads) =>
  ["f32", "int8"].flatMap((precision) => ["image", "both"].map((towers) => `${towers}:${precision}:${threads}`)),
);
const folders = { "/goclip/": dist, "/examples/": path.join(site, "examples"), "/model/": path.resolve(folder) };

console.log("row               page     peak    after     wasm   packed     over (MB)");
for (const row of asked.length > 0 ? asked : every) {
  const [towers = "", precision = "", threads] = row.split(":");
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "goclip-memory-"));
  /** @type {Map<number, number>} */
  let before = new Map();
  const ready = (/** @type {import("node:http").ServerResponse} */ response) => {
    before = new Map(renderers().map((pid) => [pid, memory(pid, "VmRSS")]));
    before.forEach((_, pid) => fs.writeFileSync(`/proc/${pid}/clear_refs`, "5")); // the peak begins anew
    response.end();
  };
  const options = JSON.stringify({ device: "wasm", towers, precision, threads: Number(threads) });
  const page = `<!doctype html><title>memory</title><script type="module">
    import { Clip } from "/goclip/goclip.js";
    await fetch("/ready");
    const clip = await Clip.load("/model/", ${options});
    await clip.embedImage("/examples/dog.png");
    ${towers === "both" ? 'await clip.embedText("a picture of a dog");' : ""}
    await fetch("/done/" + (await clip.stats()).memory);
  </script>`;
  const server = await serve(folders, { "/": page, "/ready": ready }, 0, { ...isolated, etag: '"a version"' });
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${profile}`];
  // No debugger: one that watches the network has the page's process keep up to 200 MB of what came.
  const browser = spawn(executablePath, [...flags, server.origin], { stdio: "ignore" });
  const renderers = () => below(browser.pid ?? 0).filter(isRenderer);
  let done;
  while (!(done = server.requests.find((address) => address.startsWith("/done/")))) {
    await new Promise((later) => setTimeout(later, 100));
  }
  const peaks = [...before.keys()]
    .filter((pid) => fs.existsSync(`/proc/${pid}`))
    .map((pid) => ({ pid, peak: memory(pid, "VmHWM") }));
  const { pid, peak } = peaks.reduce((a, b) => (a.peak > b.peak ? a : b));
  const [empty, after] = [before.get(pid) ?? NaN, memory(pid, "VmRSS")];
  const ended = new Promise((resolve) => browser.on("exit", resolve));
  const children = below(browser.pid ?? 0);
  browser.kill();
  await ended;
  while (children.some((child) => fs.existsSync(`/proc/${child}`))) {
    await new Promise((later) => setTimeout(later, 100));
  }
  server.close();
  fs.rmSync(profile, { recursive: true });
  const packed = packedBytes(towers, precision) / 1e6;
  const cells = [empty, peak, after, Number(done.slice("/done/".length)) / 1e6, packed, peak - empty - packed];
  console.log(`${row.padEnd(14)} ${cells.map((value) => value.toFixed(0).padStart(9)).join("")}`);
}
process.exit(0);

/** Megabytes of a process, as Linux counts them. @param {number} pid @param {string} what */
function memory(pid, what) {
  const line = new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(line?.[1]) * 1024) / 1e6;
}

/** The processes that a process has started, and those that they have. @param {number} pid @returns {number[]} */
function below(pid) {
  const all = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const own = all.filter((name) => parentOf(name) === pid).map(Number);
  return own.flatMap((child) => [child, ...below(child)]);
}

/** @param {string} pid */
function parentOf(pid) {
  try {
    return Number(
      fs
        .readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[1],
    );
  } catch {
    return NaN; // it has ended
  }
}

/** @param {number} pid */
function isRenderer(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer");
  } catch {
    return false; // it has ended
  }
}

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
