// A web server for tests and for a look at the page: folders of this machine under prefixes, whole files or parts of them, and a
// list of what was asked for.

import fs from "node:fs";
import http from "node:http";
import path from "node:path";

/** @type {Record<string, string>} */
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".png": "image/png",
  ".wasm": "application/wasm",
};

/** The headers with which browsers let a page share memory with its workers. */
export const isolated = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** @param {Record<string, string>} folders by prefix, which ends with a slash; the longest prefix counts
 * @param {Record<string, string | ((response: http.ServerResponse) => void)>} pages HTML by path, or what answers there
 * @param {number} listen the port; 0: any that is free
 * @param {Record<string, string>} headers of every answer */
export async function serve(folders, pages = {}, listen = 0, headers = {}) {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  /** @type {string[]} */
  const requests = [];

  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    requests.push(pathname);
    response.setHeaders(new Map(Object.entries(headers)));
    const page = pages[pathname];
    if (typeof page === "function") {
      page(response);
      return;
    }
    if (page !== undefined) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(page);
      return;
    }
    const prefix = prefixes.find((prefix) => pathname.startsWith(prefix)) ?? "";
    const folder = folders[prefix] ?? "";
    const below = decodeURIComponent(pathname.slice(prefix.length)) || "index.html";
    const file = path.join(folder, below);
    const size = file.startsWith(folder + path.sep) ? sizeOf(file) : undefined;
    if (size === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("content-type", types[path.extname(file)] ?? "application/octet-stream");
    response.setHeader("accept-ranges", "bytes");
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const start = Number(from ?? 0);
    const end = to ? Math.min(Number(to), size - 1) : size - 1;
    if (from !== undefined && start <= end) {
      response.writeHead(206, { "content-length": end - start + 1, "content-range": `bytes ${start}-${end}/${size}` });
      fs.createReadStream(file, { start, end }).pipe(response);
      return;
    }
    response.setHeader("content-length", size);
    fs.createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(listen, "127.0.0.1", () => listening(undefined)));
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The bytes of a file; undefined: there is none. @param {string} file */
function sizeOf(file) {
  try {
    const stats = fs.statSync(file);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}
