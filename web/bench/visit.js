// Measures a visit to the demo in Chromium, beside nothing else: `node bench/visit.js [ROUNDS]`. Each round is a browser that
// knows nothing, which opens the page, opens it again, chooses a folder of 1,000 pictures, drops it, and chooses it in a page that does
// nothing with it.

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

/** A page that takes a folder, and nothing else. */
const bare = `<!doctype html><title>a page</title><input id=folder type=file webkitdirectory>
  <script>folder.onchange = () => (document.title = folder.files.length)</script>`;
const server = await serve({ "/": site }, { "/bare.html": bare }, 0, isolated);
/** @type {Record<string, number[]>} */
const figures = {};
/** @param {string} what @param {number} value */
const note = (what, value) => (figures[what] ??= []).push(Math.round(10 * value) / 10);

for (let round = 0; round < rounds; round++) {
  const browser = await launch();
  const page = await (await browser.newContext()).newPage();
  /** Notes the longest task of the page's thread, by its clock and by the processor's.
   * @param {string} what @param {() => Promise<void>} act */
  const traced = async (what, act) => {
    await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing", "__metadata"] });
    await act();
    await page.evaluate(() => performance.mark("the page's own process"));
    /** @type {{ traceEvents: any[] }} */
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    const own = traceEvents.find(({ name }) => name === "the page's own process");
    const tasks = traceEvents.filter(
      ({ name, ph, pid, tid }) => name.endsWith("RunTask") && ph === "X" && pid === own.pid && tid === own.tid,
    );
    for (const [kind, field] of [
      ["", "dur"],
      [" of processor time", "tdur"],
    ]) {
      const longest = Math.max(...tasks.map((task) => task[field ?? ""] ?? 0));
      note(`longest task of the page, ${what} (ms${kind})`, longest / 1000);
    }
  };
  const labelled = async () => {
    const mark = await page.waitForFunction(() => performance.getEntriesByName("labelled")[0]?.startTime);
    return Number(await mark.jsonValue());
  };

  await page.waitForTimeout(2000); // the browser's own start is no part of a visit
  await traced("first visit", async () => {
    await page.goto(server.origin);
    note("first label, first visit (ms)", await labelled());
  });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForTimeout(2000);
  await traced("reload", async () => {
    await page.reload();
    note("first label, reload (ms)", await labelled());
  });
  await traced("1,000 pictures chosen", async () => {
    const start = performance.now();
    await page.setInputFiles("#folder", album);
    await page.waitForFunction(() => document.querySelector("#filters i")?.textContent === "1000");
    await page.waitForFunction(() => document.querySelector("#working")?.hasAttribute("hidden"), undefined, {
      timeout: 120_000,
    });
    note("1,000 pictures embedded (ms)", performance.now() - start);
  });
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
  await page.click("#clear");
  await page.waitForSelector("#gallery", { state: "hidden" });
  await traced("1,000 pictures dropped", async () => {
    const session = await page.context().newCDPSession(page);
    for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"])) {
      const data = { items: [], files: [album], dragOperationsMask: 1 };
      await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
    }
    await page.waitForFunction(() => document.querySelector("#filters i")?.textContent === "1000");
    await page.waitForFunction(() => document.querySelector("#working")?.hasAttribute("hidden"));
  });
  await traced("1,000 pictures chosen in a page without goclip", async () => {
    await page.goto(`${server.origin}/bare.html`);
    await page.setInputFiles("#folder", album);
    await page.waitForFunction(() => document.title === "1000");
  });
  await browser.close();
}
server.close();
fs.rmSync(album, { recursive: true });
for (const [what, values] of Object.entries(figures)) {
  console.log(`${what}: ${values.join(", ")}`);
}
process.exit(0);
