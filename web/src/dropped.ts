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
  const all = await filesBelow(entries);
  const files: File[] = [];
  for (let i = 0; i < all.length; i += atOnce) {
    files.push(...(await Promise.all(all.slice(i, i + atOnce).map(opened))));
  }
  return files;
}

/** How many files are asked for at a time. Those that wait come in one task of the page's, which a thousand of them would block. */
const atOnce = 16;

/** The files among entries and in the folders among them. */
async function filesBelow(entries: FileSystemEntry[]): Promise<FileSystemFileEntry[]> {
  const found: FileSystemFileEntry[] = [];
  for (const entry of entries) {
    if (isFile(entry)) {
      found.push(entry);
      continue;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const next = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    for (let some = await next(); some.length > 0; some = await next()) {
      found.push(...(await filesBelow(some)));
    }
  }
  return found;
}

async function opened(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  const path = entry.fullPath.replace(/^\//, "");
  return path.includes("/") ? Object.defineProperty(file, "webkitRelativePath", { value: path }) : file;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
