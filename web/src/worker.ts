// The worker of a page.

import "./wasm_exec.js";
import { ClipError } from "./api.js";
import type { Answer } from "./messages.js";
import { serve } from "./program.js";

/** This file is compiled with a page's types. */
const worker = globalThis as unknown as {
  postMessage(answer: Answer, transfer: Transferable[]): void;
  onmessage: (event: MessageEvent) => void;
};

// Bundlers find files by expressions of exactly this kind, and may inline small ones.
const shipped = {
  "config.json": new URL("./models/tiny/config.json", import.meta.url),
  "model.safetensors": new URL("./models/tiny/model.safetensors", import.meta.url),
  "preprocessor_config.json": new URL("./models/tiny/preprocessor_config.json", import.meta.url),
  "special_tokens_map.json": new URL("./models/tiny/special_tokens_map.json", import.meta.url),
  "tokenizer.json": new URL("./models/tiny/tokenizer.json", import.meta.url),
  "tokenizer_config.json": new URL("./models/tiny/tokenizer_config.json", import.meta.url),
  "clip_merges.txt": new URL("./clip_merges.txt", import.meta.url),
};

async function compile(): Promise<WebAssembly.Module> {
  const url = new URL("./goclip.wasm", import.meta.url);
  const response = await fetch(url).catch((error) => {
    throw new ClipError(`${url}: ${error}`, "network");
  });
  if (!response.ok) {
    throw new ClipError(`${url}: the server answers ${response.status}`, "network");
  }
  try {
    const typed = response.headers.get("content-type")?.startsWith("application/wasm");
    return await (typed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    throw new ClipError(
      `${url} cannot be compiled; a Content-Security-Policy must allow 'wasm-unsafe-eval': ${error}`,
      "unsupported",
    );
  }
}

/** An inlined file as a Blob: policies that allow a page's own addresses do not allow to fetch it. */
function inlined(url: URL): string | Blob {
  const [, type, base64, data] = /^data:([^;,]*).*?(;base64)?,(.*)$/s.exec(url.href) ?? [];
  if (data === undefined) {
    return url.href;
  }
  const text = base64 ? atob(data) : unescape(data);
  return new Blob([Uint8Array.from(text, (c) => c.charCodeAt(0))], { type: type! });
}

worker.onmessage = (() => {
  const receive = serve({
    post: (answer, transfer) => worker.postMessage(answer, transfer),
    compile,
    shipped: () => ({
      shipped: Object.fromEntries(Object.entries(shipped).map(([name, url]) => [name, inlined(url)])),
    }),
    thread: () => new Worker(new URL("./thread.js", import.meta.url), { type: "module", name: "goclip thread" }),
    picture,
  });
  return ({ data }: MessageEvent) => receive(data);
})();

/** Pixels of what the browser decoded. */
async function picture(value: unknown, decoder = "goclip"): Promise<unknown> {
  if (value instanceof ImageBitmap) {
    return pixels(value, value.width, value.height);
  }
  if (typeof VideoFrame !== "undefined" && value instanceof VideoFrame) {
    return pixels(value, value.displayWidth, value.displayHeight);
  }
  if (decoder === "goclip" || value instanceof ImageData) {
    return value;
  }
  const file = typeof value === "string" ? await fetched(value) : value;
  const blob = file instanceof Blob ? file : new Blob([file as BlobPart]);
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none" }).catch((error) => {
    throw new ClipError(`the browser cannot decode the picture: ${error}`, "not-image");
  });
  return pixels(bitmap, bitmap.width, bitmap.height);
}

async function fetched(url: string): Promise<Blob> {
  const response = await fetch(url).catch((error) => {
    throw new ClipError(`${url}: ${error}`, "network");
  });
  if (!response.ok) {
    throw new ClipError(`${url} answers ${response.status}`, response.status === 404 ? "not-found" : "network");
  }
  return response.blob();
}

function pixels(source: ImageBitmap | VideoFrame, width: number, height: number): ImageData {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) {
    throw new ClipError(`the browser has no canvas of ${width} x ${height} pixels`, "too-large");
  }
  context.drawImage(source, 0, 0, width, height);
  source.close();
  return context.getImageData(0, 0, width, height);
}
