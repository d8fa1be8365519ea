// Takes the pictures of the demo that README.md shows, from the page itself: `npm run screenshots` (needs cwebp).

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
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
  const png = path.join(os.tmpdir(), `${name}.png`);
  await page.screenshot({ path: png });
  if (process.env.PNG_ONLY) continue;
  execFileSync("cwebp", ["-quiet", "-q", "80", "-m", "6", "-sharp_yuv", png, "-o", path.join(out, `${name}.webp`)]);
  console.log(`${name}.webp: ${fs.statSync(path.join(out, `${name}.webp`)).size} bytes`);
  await page.close();
}
await browser.close();
server.close();
