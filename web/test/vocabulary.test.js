// CLIP's vocabulary is a file beside the program, which is loaded only with a model that needs it.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.js";
import { dist, goldenModel, readSafetensors } from "./golden.js";
import { serve } from "./server.js";

const timeout = 60_000;
const entries = 49408;

/** Writes a model folder without a tokenizer: a golden model whose table has as many rows as CLIP's. @param {string} to */
function writeBareModel(to) {
  const { folder } = goldenModel("openclip-vit");
  const config = JSON.parse(fs.readFileSync(path.join(folder, "open_clip_config.json"), "utf8"));
  config.model_cfg.text_cfg.vocab_size = entries;
  fs.writeFileSync(path.join(to, "open_clip_config.json"), JSON.stringify(config));

  const tensors = readSafetensors(path.join(folder, "open_clip_model.safetensors"));
  const table = tensors["token_embedding.weight"];
  const width = table?.shape[1];
  assert(table && width);
  const rows = Buffer.alloc(entries * width * 4);
  for (let at = 0; at < rows.length; at += 4) {
    rows.writeFloatLE(Math.sin(at), at);
  }
  tensors["token_embedding.weight"] = { ...table, shape: [entries, width], data: rows };
  let at = 0;
  const header = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    const from = at;
    at += data.length;
    return [name, { dtype, shape, data_offsets: [from, at] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const content = Buffer.concat([length, json, ...Object.values(tensors).map(({ data }) => data)]);
  fs.writeFileSync(path.join(to, "open_clip_model.safetensors"), content);
}

describe("CLIP's vocabulary", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const bare = fs.mkdtempSync(path.join(os.tmpdir(), "goclip-bare-"));

  before(async () => {
    writeBareModel(bare);
    const prefixes = { "/goclip/": dist, "/bare/": bare };
    server = await serve(prefixes, { "/blank": "<!doctype html><title>blank</title>" });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    server?.close();
    fs.rmSync(bare, { recursive: true });
  });

  test("is asked for when a model needs it, and not before", { timeout }, async () => {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/blank`);
    const load = (/** @type {string | undefined} */ source) =>
      page.evaluate(async (source) => {
        const { Clip } = await import(/** @type {any} */ ("/goclip/goclip.js"));
        const clip = await Clip.load(source);
        const vectors = await clip.embedTexts(["a dog", "a DOG", "a cat"]);
        await clip.dispose();
        return vectors.map(String);
      }, source);
    await load(undefined);
    assert(!server.requests.includes("/goclip/clip_merges.txt"));
    const [dog, capitals, cat] = await load("/bare/");
    assert(server.requests.includes("/goclip/clip_merges.txt"));
    assert.equal(dog, capitals);
    assert.notEqual(dog, cat);
    await page.close();
  });
});
