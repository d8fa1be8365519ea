// Measures a visit to the demo in Chromium, beside nothing else: `node bench/visit.js [ROUNDS]`. Each round is a browser that
// knows nothing, which opens the page, opens it again, and then once more after a folder of 1,000 pictures.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { launch } from "../test/browser.js";
import { site } from "../test/golden.js";
import { isolated, serve } from "../test/server.js";

const rounds = Number(process.argv[2] ?? 3);
const album = fs.mkdtempSync(path.join(os.tmpdir(), "goclip-album-"));
const drawings = fs.readdirSync(path.join(site, "examples")).map((name) => path.join(site, "examples", name));
for (let i = 0; i < 1000; i++) {
  fs.copyFileSync(drawings[i % drawings.length] ?? "", path.join(album, `${i}.png`));
}

const server = await serve({ "/": site }, {}, 0, isolated);
/** @type {Record<string, number[]>} */
const figures = {};
/** @param {string} what @param {number} value */
const note = (what, value) => (figures[what] ??= []).push(Math.round(10 * value) / 10);

for (let round = 0; round < rounds; round++) {
  const browser = await launch();
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => {
    const global = /** @type {any} */ (globalThis);
    global.long = [];
    new PerformanceObserver((list) => global.long.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: "longtask",
      buffered: true,
    });
  });
  const longest = () => page.evaluate(() => Math.max(0, .../** @type {any} */ (globalThis).long));
  const labelled = async () => {
    const mark = await page.waitForFunction(() => performance.getEntriesByName("labelled")[0]?.startTime);
    return Number(await mark.jsonValue());
  };

  await page.goto(server.origin);
  note("first label, first visit (ms)", await labelled());
  note("longest task of the page, first visit (ms)", await longest());
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForTimeout(2000);
  await page.reload();
  note("first label, reload (ms)", await labelled());
  note("longest task of the page, reload (ms)", await longest());

  await page.evaluate(() => /** @type {any} */ (globalThis.long.length = 0));
  const start = performance.now();
  await page.setInputFiles("#folder", album);
  await page.waitForFunction(() => document.querySelector("#filters i")?.textContent === "1000");
  await page.waitForFunction(() => document.querySelector("#working")?.hasAttribute("hidden"), undefined, {
    timeout: 120_000,
  });
  note("1,000 pictures embedded (ms)", performance.now() - start);
  note("longest task of the page, 1,000 pictures (ms)", await longest());
  await page.evaluate(() => performance.clearMeasures());
  for (const label of ["cat", "tree", "book"]) {
    await page.fill("#labels", `dog, pizza, guitar, car, house, umbrella, ${label}`);
    const text = "#bars li:nth-child(7)";
    await page.waitForSelector(text);
    const measures = await page.waitForFunction(() => performance.getEntriesByName("rerank").length > 0);
    await measures.dispose();
    note(
      "1,000 pictures ranked again (ms)",
      await page.evaluate(() => performance.getEntriesByName("rerank")[0]?.duration ?? NaN),
    );
    await page.evaluate(() => performance.clearMeasures());
  }
  await browser.close();
}
server.close();
fs.rmSync(album, { recursive: true });
for (const [what, values] of Object.entries(figures)) {
  console.log(`${what}: ${values.join(", ")}`);
}
process.exit(0);
