// The packed package, used as README.md shows: in a plain page, with Vite, webpack and React, in a worker, in Node, in an extension.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { build, createServer } from "vite";
import webpack from "webpack";
import { executablePath, launch, skip } from "./browser.js";
import { site } from "./golden.js";
import { isolated, serve } from "./server.js";

const web = path.join(import.meta.dirname, "..");
const readme = fs.readFileSync(path.join(web, "README.md"), "utf8");
const timeout = 120_000;
const expected = /^dog: (0\.9\d\d|1\.000)$/;

/** The examples, by the name in their first line. The manifest, JSON, can have none. */
const examples = new Map(
  [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code = ""]) => {
    const [, name] = /^(?:\/\/|<!--) (\S+)/.exec(code) ?? [];
    return [name ?? (language === "json" ? "manifest.json" : ""), code];
  }),
);

describe("the packed package", { skip, concurrency: 1 }, () => {
  let app = "";
  /** @type {import("playwright-core").Browser} */
  let browser;

  before(
    async () => {
      app = fs.mkdtempSync(path.join(os.tmpdir(), "goclip-app-"));
      const packed = execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", app], {
        cwd: web,
        encoding: "utf8",
      });
      fs.mkdirSync(path.join(app, "node_modules", "goclip"), { recursive: true });
      const place = path.join(app, "node_modules", "goclip");
      execFileSync("tar", ["xzf", path.join(app, packed.trim()), "-C", place, "--strip-components", "1"]);
      for (const name of ["react", "react-dom", "scheduler", "@types"]) {
        fs.symlinkSync(path.join(web, "node_modules", name), path.join(app, "node_modules", name));
      }
      for (const [name, code] of examples) {
        fs.writeFileSync(path.join(app, name), code);
      }
      fs.writeFileSync(path.join(app, "package.json"), '{ "type": "module" }');
      fs.mkdirSync(path.join(app, "public"));
      for (const folder of [".", "public"]) {
        fs.copyFileSync(path.join(site, "examples", "dog.png"), path.join(app, folder, "dog.png"));
      }
      browser = await launch();
    },
    { timeout },
  );

  after(async () => {
    await browser?.close();
    fs.rmSync(app, { recursive: true });
  });

  /** What a page answers, after something was done in it.
   * @param {string} address @param {(page: import("playwright-core").Page) => Promise<void>} [act] */
  async function answer(address, act) {
    const page = await browser.newPage();
    page.setDefaultTimeout(timeout / 2);
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(address);
    await act?.(page);
    await page
      .waitForFunction(() => document.querySelector("#answer")?.textContent?.includes(":"))
      .catch((error) => assert.fail(`${errors.join("\n")}\n${error}`));
    const text = await page.textContent("#answer");
    await page.close();
    assert.deepEqual(errors, []);
    return text ?? "";
  }

  test("has what it should have, and no more", () => {
    const files = fs.readdirSync(path.join(app, "node_modules", "goclip"), { recursive: true, encoding: "utf8" });
    for (const name of ["LICENSE", "NOTICE", "README.md", "dist/goclip.wasm", "dist/goclip.js", "dist/goclip.d.ts"]) {
      assert(files.includes(name), name);
    }
    assert(files.includes("dist/models/tiny/model.safetensors") && files.includes("dist/LICENSE-go"));
    assert.deepEqual(
      files.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")),
      [],
    );
  });

  test("works in a plain page", { timeout }, async () => {
    const server = await serve({ "/": app });
    assert.match(await answer(server.origin), expected);
    server.close();
  });

  test("works in a plain page's own worker", { timeout }, async () => {
    // A worker has no import map: the page's own server would resolve the name.
    const worker = examples.get("search-worker.js")?.replace('"goclip"', '"/node_modules/goclip/dist/goclip.js"');
    fs.writeFileSync(path.join(app, "own-worker.js"), worker ?? "");
    const page = `<!doctype html><p id=answer></p><script type=module>
      const worker = new Worker("own-worker.js", { type: "module" });
      worker.onmessage = ({ data }) => (answer.textContent = data.id + ": " + data.embedding.length);
      worker.onerror = (event) => { throw event; };
      worker.postMessage({ id: 7, file: await (await fetch("dog.png")).blob() });
    </script>`;
    const server = await serve({ "/": app }, { "/worker.html": page });
    assert.equal(await answer(`${server.origin}/worker.html`), "7: 192");
    server.close();
  });

  test("works with Vite, built and while developing", { timeout }, async () => {
    const page = '<!doctype html><p id="answer"></p><script type="module" src="main.js"></script>';
    fs.writeFileSync(path.join(app, "index.html"), page);
    /** @type {import("vite").InlineConfig} */
    const config = { root: app, logLevel: "error", configFile: path.join(app, "vite.config.js") };
    fs.appendFileSync(path.join(app, "main.js"), "globalThis.clip = clip;\n");
    await build(config);
    const server = await serve({ "/": path.join(app, "dist") }, {}, 0, isolated);
    const threads = async (/** @type {import("playwright-core").Page} */ page) => {
      const info = await page.waitForFunction(() => /** @type {any} */ (globalThis).clip?.info);
      assert.equal((await info.jsonValue()).threads, Math.min(8, os.availableParallelism()));
    };
    assert.match(await answer(server.origin, threads), expected);
    server.close();

    const developing = await createServer({ ...config, server: { port: 0, host: "127.0.0.1" } });
    await developing.listen();
    try {
      assert.match(await answer(developing.resolvedUrls?.local[0] ?? ""), expected);
    } finally {
      await developing.close();
    }
  });

  test("works with webpack", { timeout }, async () => {
    const output = path.join(app, "webpacked");
    fs.mkdirSync(output);
    fs.copyFileSync(path.join(site, "examples", "dog.png"), path.join(output, "dog.png"));
    fs.writeFileSync(
      path.join(output, "index.html"),
      '<!doctype html><p id="answer"></p><script src="main.js"></script>',
    );
    /** @type {webpack.Configuration} */
    const config = {
      mode: "production",
      context: app,
      entry: "./main.js",
      output: { path: output },
      performance: { hints: false },
    };
    const stats = await promisify((/** @type {any} */ done) => webpack(config, done))();
    assert(!stats.hasErrors() && !stats.hasWarnings(), stats.toString());
    const server = await serve({ "/": output });
    assert.match(await answer(server.origin), expected);
    server.close();
  });

  test("works with React", { timeout }, async () => {
    const page = '<!doctype html><div id="root"></div><script type="module" src="start.tsx"></script>';
    fs.writeFileSync(path.join(app, "index.html"), page);
    fs.writeFileSync(
      path.join(app, "start.tsx"),
      `import { StrictMode } from "react";
      import { createRoot } from "react-dom/client";
      import { App } from "./App";
      createRoot(document.querySelector("#root")!).render(<StrictMode><App /></StrictMode>);`,
    );
    await build({ root: app, logLevel: "error", configFile: path.join(app, "vite.config.js") });
    const server = await serve({ "/": path.join(app, "dist") });
    const label = async (/** @type {import("playwright-core").Page} */ page) => {
      await page.waitForSelector("input:enabled");
      await page.setInputFiles("input", path.join(app, "dog.png"));
    };
    assert.match(await answer(server.origin, label), expected);
    server.close();
  });

  test("has types that hold, with and without a browser's", { timeout }, async () => {
    fs.writeFileSync(
      path.join(app, "types.ts"),
      `import { Clip, ClipError, type Info, type Label } from "goclip";
      const clip = await Clip.load("x", { device: "webgpu", towers: ["image"], signal: AbortSignal.abort() });
      const info: Info = clip.info;
      const vectors: Float32Array[] = await clip.embedImages([new Blob([]), "a.png", new Uint8Array(1)]);
      const labels: Label[] = await (await clip.classifier(["a"], { templates: "none" })).classify("a.png", { top: 1 });
      const { image_embeds } = await clip.run({ input_ids: { data: new BigInt64Array(1), shape: [1, 1] } }, { hidden: true });
      // @ts-expect-error
      await Clip.load("x", { device: "abacus" });
      // @ts-expect-error
      await clip.embedText(7);
      // @ts-expect-error
      await clip.embedImage({});
      export { info, vectors, labels, image_embeds, ClipError };`,
    );
    const tsc = path.join(web, "node_modules", ".bin", "tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--target",
      "es2022",
      "--module",
      "esnext",
      "--moduleResolution",
      "bundler",
    ];
    for (const more of [
      [
        "--lib",
        "es2023,dom,dom.iterable",
        "--types",
        "",
        "--allowJs",
        "--checkJs",
        "--strict",
        "false",
        "models.js",
        "search.js",
      ],
      ["--lib", "es2023,dom,dom.iterable", "--types", "", "--jsx", "react-jsx", "App.tsx", "useClip.ts", "types.ts"],
      ["--lib", "es2023", "--types", "node", "types.ts"],
    ]) {
      await promisify(execFile)(tsc, [...options, ...more], { cwd: app }).catch(({ stdout }) => assert.fail(stdout));
    }
  });

  test("works in Node", { timeout }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["label.mjs", "dog.png"], { cwd: app });
    assert.equal(stdout, "dog.png: dog\n");
  });

  test("works in a browser extension", { timeout }, async () => {
    const extension = path.join(app, "extension");
    fs.cpSync(path.join(app, "node_modules", "goclip", "dist"), path.join(extension, "goclip"), { recursive: true });
    for (const name of ["manifest.json", "popup.html", "popup.js"]) {
      fs.writeFileSync(path.join(extension, name), examples.get(name) ?? "");
    }
    const context = await chromium.launchPersistentContext("", {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        `--disable-extensions-except=${extension}`,
        `--load-extension=${extension}`,
      ],
    });
    // The number that Chromium gives to an extension in this folder.
    const sum = (await import("node:crypto")).createHash("sha256").update(extension).digest("hex").slice(0, 32);
    const id = [...sum].map((digit) => String.fromCharCode(97 + parseInt(digit, 16))).join("");
    try {
      const page = await context.newPage();
      await page.goto(`chrome-extension://${id}/popup.html`);
      await page.setInputFiles("input", path.join(app, "dog.png"));
      await page.waitForFunction(() => document.querySelector("#answer")?.textContent === "dog");
    } finally {
      await context.close();
    }
  });
});
