// Files and folders that were dropped on a page.

import type { Browser } from "./api.js";

/**
 * The files of a drop, folders walked. Call it in the handler of the event, before anything is awaited: a browser empties
 * the list after it. Each File's `webkitRelativePath` says where it lies.
 */
export async function droppedFiles(drop: Browser<"DataTransfer">): Promise<Browser<"File">[]> {
  const entries = Array.from(drop.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) {
    return Array.from(drop.files);
  }
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    const path = entry.fullPath.replace(/^\//, "");
    return [path.includes("/") ? Object.defineProperty(file, "webkitRelativePath", { value: path }) : file];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) {
      return found;
    }
    found.push(...(await Promise.all(some.map(walk))).flat());
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
