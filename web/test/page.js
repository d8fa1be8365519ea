// A plain page with the package, under the strictest policy that lets it work.

import assert from "node:assert/strict";
import { launch } from "./browser.js";
import { dist, models, pictures, site } from "./golden.js";
import { serve } from "./server.js";

const policy = {
  etag: '"a version"', // files without one are not kept
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' blob:; img-src 'self' blob:",
};

export const blank = "<!doctype html><title>a page</title><link rel=icon href=/examples/dog.png>";

/** What lies where. */
export const folders = {
  "/goclip/": dist,
  "/examples/": `${site}/examples`,
  "/pictures/": pictures,
  "/oracle/": models,
  "/models/tiny/": `${dist}/models/tiny`,
  "/front-page/": `${dist}/models/tiny`,
};

/** @typedef {Awaited<ReturnType<typeof openPage>>} Opened */

/** Opens the page. close fails if it wrote complaints to the console.
 * @param {Parameters<typeof serve>[1]} pages more that the server has @param {number} timeout of what waits, in milliseconds */
export async function openPage(pages, timeout) {
  const server = await serve(folders, { "/": blank, "/front-page/open_clip_config.json": blank, ...pages }, 0, policy);
  const browser = await launch();
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(timeout);
  /** @type {string[]} */
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A server that was asked for a file that may be missing; wasm/README.md.
    if (/error|warning/.test(message.type()) && !message.text().startsWith("Failed to load resource")) {
      complaints.push(message.text());
    }
  });
  await page.goto(server.origin);
  const close = async () => {
    await browser.close();
    server.close();
    assert.deepEqual(complaints, []);
  };
  return { server, browser, page, close };
}
