// A web server with the faults of real ones, for a model folder whose checkpoint may be larger than any disk.

import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { dist } from "./golden.js";

/** A file: parts one after the other, a number stands for so many zeros. @typedef {(Buffer | number)[]} Parts */

/** What a server does wrong; tests change it between requests. @typedef {object} Faults
 * @property {string} version the ETag; empty: none
 * @property {boolean} ranges whether parts of files can be asked for
 * @property {number} cut after how many bytes of a checkpoint the connection breaks; 0: never
 * @property {number} cuts how many connections break so; then none does
 * @property {boolean} silent whether a checkpoint stops to come, and the connection stays
 * @property {number} pace milliseconds between two pieces of 64 KiB
 * @property {number} status what everything answers, if it is not 0
 * @property {boolean} html whether what is missing answers with a page
 * @property {boolean} unsized whether sizes are not told
 * @property {boolean} mute whether a checkpoint is never answered
 * @property {boolean} discreet whether scripts of other origins see no header that they need not */

/** @returns {Faults} */
export function noFaults() {
  return {
    version: '"1"',
    ranges: true,
    cut: 0,
    cuts: Infinity,
    silent: false,
    pace: 0,
    status: 0,
    html: false,
    unsized: false,
    mute: false,
    discreet: false,
  };
}

const page = `<!doctype html><title>goclip</title><script src="/goclip/wasm_exec.js"></script><script type="module">
  const go = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/goclip/goclip.wasm"), go.importObject);
  go.run(instance);
  document.title = "ready";
</script>`;

/** Serves a page with the program, and model folders. @param {Record<string, Record<string, Parts>>} folders */
export async function serveFaulty(folders) {
  const faults = noFaults();
  /** The paths below model folders that were asked for, with the Range, and how many bytes of bodies were sent. */
  const log = { requests: /** @type {string[]} */ ([]), bytes: 0 };

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async function answer(request, response) {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html" }).end(page);
      return;
    }
    if (pathname.startsWith("/goclip/")) {
      const type = pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      const file = path.join(dist, pathname.slice("/goclip/".length));
      if (fs.existsSync(file)) {
        response.writeHead(200, { "content-type": type });
        fs.createReadStream(file).pipe(response);
      } else {
        response.writeHead(404).end();
      }
      return;
    }
    response.setHeader("access-control-allow-origin", "*");
    if (!faults.discreet) {
      response.setHeader("access-control-expose-headers", "ETag, Content-Range");
    }
    const [, folder = "", name = ""] = pathname.split("/");
    const parts = folders[folder]?.[name];
    log.requests.push([pathname, request.headers.range].filter(Boolean).join(" "));
    if (faults.mute && name.endsWith(".safetensors")) {
      return;
    }
    if (faults.status) {
      response.writeHead(faults.status).end();
      return;
    }
    if (!parts) {
      response.writeHead(faults.html ? 200 : 404, { "content-type": "text/html" }).end("<!doctype html>nothing here");
      return;
    }
    const size = parts.reduce((/** @type {number} */ sum, part) => sum + sizeOf(part), 0);
    const [, from, to] = /^bytes=(\d+)-(\d+)?$/.exec((faults.ranges && request.headers.range) || "") ?? [];
    const start = from ? Number(from) : 0;
    const end = from && to ? Math.min(Number(to) + 1, size) : size;
    if (faults.version) {
      response.setHeader("etag", faults.version);
    }
    if (!faults.unsized) {
      response.setHeader("content-length", end - start);
    }
    if (from) {
      response.setHeader("content-range", `bytes ${start}-${end - 1}/${size}`);
    }
    response.writeHead(from ? 206 : 200, { "content-type": "application/octet-stream" });
    const checkpoint = name.endsWith(".safetensors");
    const breaks = checkpoint && faults.cut > 0 && end - start > faults.cut && faults.cuts > 0;
    if (breaks) {
      faults.cuts--;
    }
    for (let at = start; at < end;) {
      const stop = breaks ? start + faults.cut : end;
      const piece = read(parts, at, Math.min(stop, at + (64 << 10)));
      at += piece.length;
      log.bytes += piece.length;
      if (!response.write(piece)) {
        await new Promise((resolve) => {
          const settled = () => resolve(response.off("drain", settled).off("close", settled));
          response.on("drain", settled).on("close", settled);
        });
      }
      if (faults.pace > 0 && checkpoint) {
        await new Promise((resolve) => setTimeout(resolve, faults.pace));
      }
      if (response.destroyed) {
        return;
      }
      if (breaks && at - start >= faults.cut) {
        setTimeout(() => response.destroy(), 100); // what was written has to arrive first
        return;
      }
      if (faults.silent && checkpoint) {
        return;
      }
    }
    response.end();
  }

  const server = http.createServer((request, response) => void answer(request, response));
  await new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(undefined)));
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    faults,
    log,
    /** As it was at first. */
    reset() {
      Object.assign(faults, noFaults());
      log.requests.length = 0;
      log.bytes = 0;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param {Buffer | number} part */
function sizeOf(part) {
  return typeof part === "number" ? part : part.length;
}

/** @param {Parts} parts @param {number} from @param {number} to */
function read(parts, from, to) {
  const pieces = [];
  let at = 0;
  for (const part of parts) {
    const start = Math.max(0, from - at);
    const end = Math.min(sizeOf(part), to - at);
    if (start < end) {
      pieces.push(typeof part === "number" ? Buffer.alloc(end - start) : part.subarray(start, end));
    }
    at += sizeOf(part);
  }
  return Buffer.concat(pieces);
}

/** A model folder on disk. @param {string} folder @returns {Record<string, Parts>} */
export function folderOf(folder) {
  return Object.fromEntries(fs.readdirSync(folder).map((name) => [name, [fs.readFileSync(path.join(folder, name))]]));
}

/** A checkpoint as goclip reads it, its tensors in this order.
 * @param {{ name: string, dtype: string, shape: number[], data: Buffer | number }[]} tensors @returns {Parts} */
export function safetensors(tensors) {
  let at = 0;
  const header = tensors.map(({ name, dtype, shape, data }) => {
    const from = at;
    at += sizeOf(data);
    return [name, { dtype, shape, data_offsets: [from, at] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return [length, json, ...tensors.map(({ data }) => data)];
}
