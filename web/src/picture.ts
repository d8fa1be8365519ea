// Pictures and models as they cross from a page to its worker.

import { ClipError, type Decoder, type Picture, type Source } from "./api.js";
import type { NamedFile } from "./messages.js";
import { current } from "./platform.js";

export interface Portable {
  value: unknown;
  transfer: Transferable[];
}

/** Makes something of a picture that a worker can get. The caller's own objects stay as they are. */
export async function portable(picture: Picture, decoder: Decoder): Promise<Portable> {
  if (isAddress(picture)) {
    return { value: current().address(picture), transfer: [] };
  }
  if (isA(picture, "HTMLImageElement")) {
    if (decoder === "browser") {
      return pixels(picture);
    }
    return { value: current().address(picture.currentSrc || picture.src), transfer: [] };
  }
  if (isA(picture, "HTMLCanvasElement") || isA(picture, "OffscreenCanvas") || isA(picture, "HTMLVideoElement")) {
    return pixels(picture);
  }
  return { value: picture, transfer: [] };
}

async function pixels(picture: ImageBitmapSource): Promise<Portable> {
  try {
    const bitmap = await createImageBitmap(picture);
    return { value: bitmap, transfer: [bitmap] };
  } catch (error) {
    throw new ClipError(`the browser gives no pixels of the picture: ${error}`, "not-image");
  }
}

/** Makes something of a model's source that a worker can get. */
export function portableSource(source: Source): unknown {
  if (isAddress(source)) {
    return current().address(source);
  }
  if (isList(source)) {
    return Array.from(source, (file): NamedFile => ({ path: pathOf(file), file }));
  }
  return source;
}

function isList(source: unknown): source is ArrayLike<File> {
  return Array.isArray(source) || isA(source, "FileList");
}

function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

function isAddress(value: unknown): value is string | URL {
  return typeof value === "string" || value instanceof URL;
}

type Class = "FileList" | "HTMLCanvasElement" | "HTMLImageElement" | "HTMLVideoElement" | "OffscreenCanvas";

/** Whether a value is of a class that need not exist here: a worker has no HTMLImageElement, Node nothing of it. */
function isA<Name extends Class>(value: unknown, name: Name): value is InstanceType<(typeof globalThis)[Name]> {
  const type: unknown = globalThis[name];
  return typeof type === "function" && value instanceof type;
}
