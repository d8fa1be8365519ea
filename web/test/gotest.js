// Runs a Go test binary for js/wasm in a worker of Chromium, whose WebGPU computes on the CPU (SwiftShader):
//
//	GOOS=js GOARCH=wasm go test -exec "node $PWD/web/test/gotest.js" ./kernels/webgpu
//
// The page is cross-origin isolated, so that the test may start threads. It reads files of this machine through gofs.js.

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { launch, skip } from "./browser.js";
import { isolated, serve } from "./server.js";

if (skip) {
  console.log(`skipped: ${skip}`);
  process.exit(0);
}

const [binary, ...flags] = process.argv.slice(2);
// A page has no file to log to.
const args = flags.filter((flag) => !flag.startsWith("-test.testlogfile"));
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("GOCLIP_")));
const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();

const server = await serve(
  { "/go/": path.join(root, "lib/wasm"), "/binary/": path.resolve(path.dirname(binary ?? "")) },
  { "/": "<!doctype html><title>go test</title>" },
  0,
  isolated,
);

// What gofs.js asks: files of the repository, for nobody but the page of this test.
const repository = fileURLToPath(new URL("../../", import.meta.url));
const secret = `/${randomUUID()}/`;
const files = http.createServer((request, response) => {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const file = path.resolve(decodeURIComponent(search.slice(1)));
  const headers = { "access-control-allow-origin": server.origin };
  try {
    if (!pathname.startsWith(secret) || !`${file}/`.startsWith(repository)) throw new Error("not for you");
    const stats = fs.statSync(file);
    const found = { directory: stats.isDirectory(), size: stats.size };
    const answer = pathname === `${secret}list` ? JSON.stringify(fs.readdirSync(file)) : JSON.stringify(found);
    response.writeHead(200, headers).end(pathname === `${secret}read` ? fs.readFileSync(file) : answer);
  } catch {
    response.writeHead(404, headers).end();
  }
});
await new Promise((listening) => files.listen(0, "127.0.0.1", () => listening(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (files.address());
const gofs = fs.readFileSync(fileURLToPath(new URL("gofs.js", import.meta.url)), "utf8");

const worker = `
  importScripts("${server.origin}/go/wasm_exec.js");
  globalThis.process.cwd = () => ${JSON.stringify(process.cwd())};
  globalThis.REQUESTS = "http://127.0.0.1:${port}${secret}";
  ${gofs}
  const decoder = new TextDecoder();
  globalThis.fs.writeSync = (_, bytes) => {
    postMessage({ text: decoder.decode(bytes, { stream: true }) });
    return bytes.length;
  };
  const go = new Go();
  go.argv = ["test", ...${JSON.stringify(args)}];
  go.env = ${JSON.stringify(env)};
  go.exit = (code) => postMessage({ code });
  fetch("${server.origin}/binary/${path.basename(binary ?? "")}")
    .then((response) => response.arrayBuffer())
    .then((bytes) => WebAssembly.instantiate(bytes, go.importObject))
    .then(({ instance }) => go.run(instance))
    .catch((failure) => postMessage({ text: failure + "\\n", code: 1 }));
`;

const browser = await launch(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);
const page = await browser.newPage();
await page.exposeFunction("told", (/** @type {{ text?: string, code?: number }} */ { text, code }) => {
  if (text !== undefined) process.stdout.write(text);
  if (code !== undefined) ended(code);
});
/** @type {(code: number) => void} */
let ended = () => {};
const end = new Promise((resolve) => (ended = resolve));
await page.goto(server.origin + "/");
await page.evaluate((source) => {
  const { told } = /** @type {any} */ (globalThis);
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  worker.onmessage = ({ data }) => told(data);
  worker.onerror = ({ message }) => told({ text: message + "\n", code: 1 });
}, worker);
const code = await end;
await browser.close();
server.close();
files.close();
process.exit(Number(code));
