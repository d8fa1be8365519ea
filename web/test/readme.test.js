// The examples of wasm/README.md, run as they stand there.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import { dist, site } from "./golden.js";
import { serve } from "./server.js";

const readme = fs.readFileSync(new URL("../../wasm/README.md", import.meta.url), "utf8");

/** @param {string} language */
function examples(language) {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, code]) => code ?? "");
}

const expected = /^dog: (0\.9\d\d|1\.000)$/;

describe("wasm/README.md", () => {
  /** What the examples name lies in one folder. */
  let folder = "";
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "goclip-"));
    for (const file of fs.readdirSync(dist)) {
      fs.symlinkSync(path.join(dist, file), path.join(folder, file));
    }
    fs.symlinkSync(path.join(site, "examples"), path.join(folder, "examples"));
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  test("its example for Node works", () => {
    const [code, ...others] = examples("js");
    assert(code && others.length === 0);
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: folder, encoding: "utf8" });
    assert.match(out.trim(), expected);
  });

  test("its pages work", { skip, timeout: 60_000 }, async () => {
    const pages = examples("html");
    assert.equal(pages.length, 2);
    const server = await serve(
      { "/": folder },
      Object.fromEntries(pages.map((html, i) => [`/readme-${i}.html`, html])),
    );
    const browser = await launch();
    try {
      for (const i of pages.keys()) {
        const page = await browser.newPage();
        await page.goto(`${server.origin}/readme-${i}.html`);
        await page.waitForFunction(() => document.querySelector("#answer")?.textContent?.includes(":"));
        assert.match((await page.textContent("#answer")) ?? "", expected);
      }
    } finally {
      await browser.close();
      server.close();
    }
  });
});
