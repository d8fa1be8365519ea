// The demo in Chromium, as a visitor uses it: real drops of files and folders, the keyboard, the camera, no network.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import { goldenModel, pictures, site } from "./golden.js";
import { isolated, serve } from "./server.js";

const timeout = 120_000;
const patience = 30_000;
const camera = ["--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** Collects the times in which the page could not answer, in milliseconds. */
function watchLongTasks() {
  const global = /** @type {any} */ (globalThis);
  global.longTasks = [];
  new PerformanceObserver((list) =>
    global.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({ type: "longtask", buffered: true });
}

describe("the demo", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").Page} */
  let page;
  /** @type {string[]} */
  const asked = [];
  /** @type {string[]} */
  const complaints = [];
  let folder = "";

  before(
    async () => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), "goclip-demo-"));
      server = await serve({ "/": site }, {}, 0, isolated);
      browser = await launch(camera);
      page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
      page.setDefaultTimeout(patience);
      page.context().on("request", (request) => asked.push(request.url()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (/error|warning/.test(message.type())) {
          complaints.push(message.text());
        }
      });
      await page.addInitScript(watchLongTasks);
      await page.goto(server.origin);
    },
    { timeout },
  );

  after(async () => {
    await browser?.close();
    server?.close();
    fs.rmSync(folder, { recursive: true });
  });

  /** Drops files or folders of this machine, as a file manager does. @param {string[]} files */
  async function drop(...files) {
    const session = await page.context().newCDPSession(page);
    for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"])) {
      const data = { items: [], files, dragOperationsMask: 1 };
      await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
    }
    await session.detach();
  }

  /** Waits for the label that comes first. @param {string} label */
  const best = (label) =>
    page.waitForFunction((label) => document.querySelector("#bars li span")?.textContent === label, label);

  /** A fact of the panel. @param {string} term */
  const fact = (term) =>
    page.evaluate((term) => {
      const terms = [...document.querySelectorAll("dt")];
      return terms.find(({ textContent }) => textContent === term)?.nextElementSibling?.textContent;
    }, term);

  /** The labels under the tiles. */
  const captions = () =>
    page.$$eval(".tile p span:first-child", (spans) => spans.map(({ textContent }) => textContent));

  test("labels the first picture unasked", { timeout }, async () => {
    await page.waitForSelector("#state[data-state=done]");
    const rows = await page.$$eval("#bars li", (items) => items.map((item) => item.textContent));
    assert.equal(rows.length, 6);
    assert.match(rows[0] ?? "", /^dog9\d\.\d %$/);
    await page.waitForFunction(() => document.querySelector("#spoken")?.textContent?.startsWith("dog, 9"));
    assert.deepEqual(await captions(), ["dog", "pizza", "guitar", "car", "house", "umbrella"]);
  });

  test("ranks edited labels without embedding a picture again", { timeout }, async () => {
    await page.click("summary");
    await page.waitForSelector("dt");
    assert.equal(await fact("Pictures embedded"), "6");
    await page.fill("#labels", "cat, umbrella , tree\ntree,,");
    await best("cat");
    assert.equal((await page.$$("#bars li")).length, 3, "each label once, none empty");
    await page.getByRole("option").nth(5).click();
    await best("umbrella");
    await page.click("summary");
    await page.click("summary");
    assert.equal(await fact("Pictures embedded"), "6");
    await page.fill("#labels", "");
    await page.waitForFunction(() => document.querySelector("#state")?.textContent === "Type some labels.");
  });

  test("can be used with the keyboard alone", { timeout }, async () => {
    await page.focus("#labels");
    await page.keyboard.type("dog, car, pizza, house");
    await page.waitForFunction(() => document.querySelectorAll("#bars li").length === 4);
    let focused = "";
    for (let i = 0; i < 20 && focused !== "option"; i++) {
      await page.keyboard.press("Tab");
      focused = (await page.evaluate(() => document.activeElement?.role)) ?? "";
    }
    assert.equal(focused, "option");
    await page.keyboard.press("Home");
    await best("dog");
    await page.keyboard.press("ArrowRight");
    await best("pizza");
    await page.keyboard.press("End");
    await page.keyboard.press("Delete");
    await page.waitForFunction(() => document.querySelectorAll(".tile").length === 5);
    assert.equal(await page.evaluate(() => document.activeElement?.ariaLabel?.split(":")[0]), "house");
  });

  test("finds pictures by words, and shows those of one label", { timeout }, async () => {
    await page.fill("#search", "a pizza");
    await page.waitForFunction(
      () => document.querySelector(".tile[aria-posinset='1'] p span")?.textContent === "pizza",
    );
    await page.fill("#search", "");
    await page.getByRole("button", { name: "car 1" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".tile").length === 1);
    assert.deepEqual(await captions(), ["car"]);
    await page.getByRole("button", { name: /^All/ }).click();
  });

  test("takes dropped files, and names what is no picture", { timeout }, async () => {
    const broken = path.join(folder, "broken.png");
    fs.writeFileSync(broken, "not a picture");
    const dog = path.join(site, "examples", "dog.png");
    await drop(dog, broken, path.join(pictures, "tiff_lzw.tif"));
    await page.waitForFunction(
      () => document.querySelectorAll(".tile").length === 3 && document.querySelector(".failed"),
    );
    await best("dog");
    assert.equal((await page.$$(".tile.failed")).length, 1, "goclip reads TIFF, which the browser cannot");
    assert.match((await page.getAttribute(".tile.failed", "title")) ?? "", /not a readable picture/);
    await drop(path.join(site, "goclip", "clip.js"));
    await page.waitForFunction(() => document.querySelector("#state")?.textContent === "There are no pictures in it.");
  });

  test("takes what is pasted", { timeout }, async () => {
    await page.evaluate(async () => {
      const clipboardData = new DataTransfer();
      const blob = await (await fetch("examples/guitar.png")).blob();
      clipboardData.items.add(new File([blob], "pasted.png", { type: "image/png" }));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    });
    await page.waitForFunction(() => document.querySelectorAll(".tile").length === 4);
    await page.fill("#labels", "dog, guitar");
    await best("guitar");
  });

  test("labels what the camera sees, and keeps a frame", { timeout }, async () => {
    await page.click("#camera");
    await page.waitForSelector("#video:not([hidden])");
    await page.waitForFunction(() => performance.getEntriesByName("labelled").length > 8);
    await page.click("#shot");
    await page.waitForFunction(() => document.querySelectorAll(".tile").length === 5);
    assert(await page.isHidden("#video"));
  });

  test("opens a dropped model, and says why another is none", { timeout }, async () => {
    const wrong = path.join(folder, "wrong.safetensors");
    fs.writeFileSync(wrong, "no weights at all");
    await drop(wrong);
    await page.click("#load");
    await page.waitForSelector("#model-state[data-state=failed]");
    await page.keyboard.press("Escape");
    assert.equal(await page.textContent("#model-name"), "tiny", "the model before stays");

    const model = path.join(folder, "model");
    fs.cpSync(goldenModel("hf-clip-vit").folder, model, { recursive: true });
    fs.rmSync(path.join(model, "expect.safetensors"));
    await drop(model);
    await page.click("#load");
    await page.waitForSelector("#models:not([open])", { state: "attached" });
    assert.equal(await page.textContent("#model-name"), `model, ${fs.readdirSync(model).length} files`);
    await page.waitForSelector("#state[data-state=done]");
  });

  test("stays smooth with a folder of 500 pictures, and can be told to stop", { timeout }, async (t) => {
    const album = path.join(folder, "album");
    fs.mkdirSync(album);
    const files = ["dog", "pizza", "car"].map((name) => fs.readFileSync(path.join(site, "examples", `${name}.png`)));
    for (let i = 0; i < 500; i++) {
      fs.writeFileSync(path.join(album, `${String(i).padStart(3, "0")}.png`), files[i % files.length] ?? "");
    }
    await page.evaluate(() => {
      /** @type {any} */ (globalThis).longTasks.length = 0;
    });
    await drop(album);
    await page.waitForSelector("#working:not([hidden])");
    await page.click("#cancel");
    await page.waitForSelector("#working", { state: "hidden" });
    const kept = await page.evaluate(() => Number(document.querySelector("#filters i")?.textContent));
    assert(kept < 500, `${kept} pictures were embedded before the button was pressed`);
    await page.click("#clear");
    await drop(album);
    await page.waitForFunction(() => document.querySelector("#filters i")?.textContent === "500");
    await page.mouse.wheel(0, 3000);
    await page.focus("#labels");
    await page.keyboard.type(", umbrella");
    assert((await page.$$(".tile")).length < 150, "only what is near the window has elements");
    await page.waitForFunction(
      () => document.querySelector("#working")?.hasAttribute("hidden") && !document.querySelector(".tile p span:empty"),
    );
    const long = await page.evaluate(() => /** @type {any} */ (globalThis).longTasks.map(Math.round));
    t.diagnostic(`tasks of the page's thread longer than 50 ms: ${long.length ? `${long} ms` : "none"}`);
  });

  test("asks no other host and writes no complaint to the console", () => {
    assert(asked.includes(`${server.origin}/goclip/goclip.wasm`), "the list holds what the worker asked for");
    const others = asked.filter((url) => !url.startsWith(`${server.origin}/`) && !/^(data|blob):/.test(url));
    assert.deepEqual(others, []);
    assert.deepEqual(complaints, []);
  });

  test("works without a network after one visit, and can use threads then on any host", { timeout }, async () => {
    const plain = await serve({ "/": site }, {}, 0, { etag: '"a version"' }); // with which models are kept
    const other = await (await browser.newContext()).newPage();
    await other.goto(plain.origin);
    await other.waitForSelector("#state[data-state=done]");
    assert.equal(await other.evaluate(() => crossOriginIsolated), false);
    await other.evaluate(() => navigator.serviceWorker.ready);
    plain.close();
    await other.reload();
    await other.waitForSelector("#state[data-state=done]");
    const stored = await other.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
    const names = fs.readdirSync(site, { recursive: true, encoding: "utf8" });
    const once = names.reduce((sum, name) => sum + fs.statSync(path.join(site, name)).size, 0);
    const tiny = fs.statSync(path.join(site, "goclip", "models", "tiny", "model.safetensors")).size;
    assert(stored > tiny && stored < once + tiny / 2, `${stored} bytes are stored: the model that ships but once`);
    assert.match((await other.textContent("#bars li")) ?? "", /^dog9/);
    assert.equal(await other.evaluate(() => crossOriginIsolated), true);
    await other.close();
  });

  test("fits a narrow phone", { timeout }, async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.waitForFunction(() => document.documentElement.scrollWidth <= 320);
  });
});
