// What a page downloads besides models must stay small.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { dist } from "./golden.js";

/** Programs, scripts and shaders together, in bytes with brotli. */
const budget = 1_600_000;

test("programs and scripts are within the budget", { timeout: 300_000 }, async (t) => {
  const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const names = fs.readdirSync(dist, { recursive: true, encoding: "utf8" });
  let total = 0;
  for (const name of names.filter((name) => /\.(m?js|wasm|wgsl)$/.test(name)).sort()) {
    const content = fs.readFileSync(path.join(dist, name));
    const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: content.length };
    const size = (await promisify(zlib.brotliCompress)(content, { params })).length;
    t.diagnostic(`${name}: ${content.length} bytes, ${size} with brotli`);
    total += size;
  }
  t.diagnostic(`together ${total} bytes with brotli`);
  assert(total <= budget, `${total} bytes with brotli; the budget is ${budget}`);
});
