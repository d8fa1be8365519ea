// The camera: frames are labelled as fast as the model can.

import { button, element } from "./page.js";

const video = element("video", HTMLVideoElement);
const toggle = button("camera");
const shot = button("shot");

export class Camera {
  #stream: MediaStream | undefined;
  readonly #frame: (video: HTMLVideoElement) => Promise<void>;
  readonly #changed: (on: boolean) => void;
  readonly #failed: (message: string) => void;

  constructor(
    frame: (video: HTMLVideoElement) => Promise<void>,
    keep: (file: Blob) => void,
    changed: (on: boolean) => void,
    failed: (message: string) => void,
  ) {
    this.#frame = frame;
    this.#changed = changed;
    this.#failed = failed;
    toggle.addEventListener("click", () => void (this.#stream ? this.stop() : this.#start()));
    shot.addEventListener("click", async () => {
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
      canvas.getContext("2d")!.drawImage(video, 0, 0);
      const file = await canvas.convertToBlob({ type: "image/png" });
      this.stop();
      keep(file);
    });
  }

  stop(): void {
    if (!this.#stream) {
      return;
    }
    this.#stream.getTracks().forEach((track) => track.stop());
    this.#stream = undefined;
    video.srcObject = null;
    this.#show(false);
  }

  async #start(): Promise<void> {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
      this.#failed(`The browser gives no camera: ${error instanceof Error ? error.message : error}`);
      return;
    }
    video.srcObject = this.#stream;
    this.#show(true);
    await video.play().catch(() => {});
    while (this.#stream) {
      await new Promise((drawn) => video.requestVideoFrameCallback(drawn));
      if (this.#stream) {
        await this.#frame(video);
      }
    }
  }

  #show(on: boolean): void {
    video.hidden = shot.hidden = !on;
    toggle.ariaPressed = String(on);
    this.#changed(on);
  }
}
