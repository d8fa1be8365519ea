// What a drop holds, asked for little by little.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { dist } from "./golden.js";

let asked = 0;
let most = 0;

/** A file as a drop names it, which comes a little later. @param {string} fullPath */
function file(fullPath) {
  return {
    isFile: true,
    fullPath,
    file(/** @type {(file: object) => void} */ resolve) {
      most = Math.max(most, ++asked);
      setImmediate(() => {
        asked--;
        resolve({ name: path.basename(fullPath) });
      });
    },
  };
}

/** A folder, which tells what is in it a hundred entries at a time. @param {object[]} entries */
function folder(entries) {
  const createReader = () => {
    let at = 0;
    const readEntries = (/** @type {(some: object[]) => void} */ resolve) => resolve(entries.slice(at, (at += 100)));
    return { readEntries };
  };
  return { isFile: false, createReader };
}

test("a drop's files come in their order and a few at a time", async () => {
  /** @type {typeof import("../dist/goclip.js")} */
  const { droppedFiles } = await import(path.join(dist, "goclip.js"));
  const names = Array.from({ length: 250 }, (_, i) => `${i}.png`);
  const below = folder(names.map((name) => file(`/album/below/${name}`)));
  const album = folder([file("/album/first.png"), below, ...names.map((name) => file(`/album/${name}`))]);
  const items = [file("/alone.png"), album, null].map((entry) => ({ webkitGetAsEntry: () => entry }));
  const files = await droppedFiles(/** @type {any} */ ({ items, files: [] }));
  const inFolders = ["first.png", ...names.map((name) => `below/${name}`), ...names].map((name) => `album/${name}`);
  assert.deepEqual(
    files.map(({ name, webkitRelativePath }) => webkitRelativePath ?? name),
    ["alone.png", ...inFolders],
  );
  assert(most > 1 && most <= 16, `${most} were asked for at once`);
});
