// The files of the machine that runs a test, for a Go program in a worker: what wasm_exec.js wants of Node's fs, read-only, with
// one request that waits for each call (see gotest.js, which answers them).

const { fs, path, REQUESTS } = /** @type {any} */ (globalThis);

/** @param {string} what @param {string} file */
function ask(what, file) {
  const request = new XMLHttpRequest();
  request.open("GET", `${REQUESTS}${what}?${encodeURIComponent(file)}`, false);
  request.responseType = what === "read" ? "arraybuffer" : "json";
  request.send();
  if (request.status !== 200) throw Object.assign(new Error(`${what} ${file}`), { code: "ENOENT" });
  return request.response;
}

/** @param {{ directory: boolean, size: number }} found */
function stats({ directory, size }) {
  const nothing = {
    dev: 0,
    ino: 0,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    blksize: 4096,
    blocks: 0,
    atimeMs: 0,
    mtimeMs: 0,
    ctimeMs: 0,
  };
  return { ...nothing, size, mode: directory ? 0o40755 : 0o100644, isDirectory: () => directory };
}

/** Answers as Node does, later, with an error or a result. @param {() => unknown} f @param {Function} callback */
function answer(f, callback) {
  let result;
  try {
    result = f();
  } catch (error) {
    callback(error);
    return;
  }
  callback(null, result);
}

/** @type {Map<number, { file: string, bytes?: Uint8Array, at: number }>} */
const opened = new Map();
let next = 10;

path.resolve = (/** @type {string[]} */ ...parts) =>
  parts.reduce((whole, part) => (part.startsWith("/") ? part : `${whole}/${part}`), process.cwd());

Object.assign(fs, {
  open: (
    /** @type {string} */ file,
    /** @type {number} */ _flags,
    /** @type {number} */ _mode,
    /** @type {Function} */ callback,
  ) =>
    answer(() => {
      ask("stat", file);
      opened.set(++next, { file, at: 0 });
      return next;
    }, callback),
  close: (/** @type {number} */ fd, /** @type {Function} */ callback) => answer(() => void opened.delete(fd), callback),
  stat: (/** @type {string} */ file, /** @type {Function} */ callback) =>
    answer(() => stats(ask("stat", file)), callback),
  lstat: (/** @type {string} */ file, /** @type {Function} */ callback) =>
    answer(() => stats(ask("stat", file)), callback),
  fstat: (/** @type {number} */ fd, /** @type {Function} */ callback) =>
    answer(() => stats(ask("stat", opened.get(fd)?.file ?? "")), callback),
  readdir: (/** @type {string} */ file, /** @type {Function} */ callback) => answer(() => ask("list", file), callback),
  read: (
    /** @type {number} */ fd,
    /** @type {Uint8Array} */ buffer,
    /** @type {number} */ offset,
    /** @type {number} */ length,
    /** @type {number | null} */ position,
    /** @type {Function} */ callback,
  ) =>
    answer(() => {
      const of = opened.get(fd);
      if (!of) throw Object.assign(new Error("read"), { code: "EBADF" });
      of.bytes ??= new Uint8Array(ask("read", of.file));
      const from = position ?? of.at;
      const piece = of.bytes.subarray(from, from + length);
      buffer.set(piece, offset);
      if (position === null) of.at += piece.length;
      return piece.length;
    }, callback),
});
