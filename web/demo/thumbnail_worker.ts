// Draws small copies of pictures. The newest request comes first: it is for what is on the screen.

const side = 320;
const queue: { id: number; file: Blob }[] = [];
let working = false;

onmessage = ({ data }: MessageEvent<{ id: number; file: Blob }>) => {
  queue.push(data);
  if (!working) {
    void work();
  }
};

async function work(): Promise<void> {
  working = true;
  for (let next = queue.pop(); next; next = queue.pop()) {
    const small = await draw(next.file).catch(() => undefined);
    postMessage({ id: next.id, small });
  }
  working = false;
}

/** The middle of a picture, square. */
async function draw(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const shorter = Math.min(width, height);
  const size = Math.min(side, shorter);
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (width - shorter) / 2, (height - shorter) / 2, shorter, shorter, 0, 0, size, size);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
}
