// Takes the pictures of the demo that README.md shows, from the page itself: `npm run screenshots`.

import fs from "node:fs";
import path from "node:path";
import { launch } from "./test/browser.js";
import { site } from "./test/golden.js";
import { isolated, serve } from "./test/server.js";

const out = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, "..", "docs"));
const looks = /** @type {const} */ ({
  "demo-desktop": { viewport: { width: 1200, height: 900 }, colorScheme: "light" },
  "demo-dark": { viewport: { width: 1200, height: 900 }, colorScheme: "dark" },
  "demo-phone": { viewport: { width: 390, height: 844 }, colorScheme: "light" },
});

const server = await serve({ "/": site }, {}, 0, isolated);
const browser = await launch();
for (const [name, look] of Object.entries(looks)) {
  const page = await browser.newPage({ ...look, reducedMotion: "reduce" });
  await page.goto(server.origin);
  await page.waitForSelector("#state[data-state=done]");
  if (name === "demo-dark") {
    await page.getByRole("option").nth(2).click();
    await page.fill("#search", "a red car");
  }
  await page.waitForFunction(() => document.querySelectorAll(".tile img").length >= 1);
  await page.waitForTimeout(1500);
  const png = await page.screenshot();
  // Browsers write WebP, which is a third of a PNG here.
  const webp = await page.evaluate(async (base64) => {
    const png = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([png]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.82 });
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  }, png.toString("base64"));
  fs.writeFileSync(path.join(out, `${name}.webp`), Buffer.from(webp));
  console.log(`${name}.webp: ${webp.length} bytes`);
  await page.close();
}
await browser.close();
server.close();
