// Small copies of pictures: a grid of camera files would fill the browser's memory.

const worker = new Worker(new URL("./thumbnail_worker.js", import.meta.url), { type: "module" });
const waiting = new Map<number, { resolve: (address: string) => void; reject: (error: Error) => void }>();
const known = new WeakMap<Blob, Promise<string>>();
let last = 0;

worker.onmessage = ({ data: { id, small } }: MessageEvent<{ id: number; small: Blob | undefined }>) => {
  const { resolve, reject } = waiting.get(id)!;
  waiting.delete(id);
  if (small) {
    resolve(URL.createObjectURL(small));
  } else {
    reject(new Error("the browser cannot draw it"));
  }
};

/** The address of a small copy. */
export function thumbnail(file: Blob): Promise<string> {
  let address = known.get(file);
  if (!address) {
    address = new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      worker.postMessage({ id: last, file });
    });
    known.set(file, address);
  }
  return address;
}

/** Frees the copy of a picture that is shown no more, once no element can be loading it. */
export function forget(file: Blob): void {
  known.get(file)?.then(
    (address) => setTimeout(() => URL.revokeObjectURL(address), 5000),
    () => {},
  );
  known.delete(file);
}
