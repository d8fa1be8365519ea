// The dialog that chooses a model.

import { Clip, ClipError, type LoadOptions, type Progress, type Source } from "./goclip/goclip.js";
import { button, element, input, some } from "./page.js";

export interface Opened {
  clip: Clip;
  name: string;
}

const dialog = element("models", HTMLDialogElement);
const state = some("model-state");
const bar = element("model-progress", HTMLProgressElement);
const chosenName = some("chosen");

/** Lets the visitor choose models; opened gets each one. */
export class Models {
  #chosen: File[] = [];
  #loading: AbortController | undefined;
  readonly #opened: (opened: Opened) => void;

  constructor(opened: (opened: Opened) => void) {
    this.#opened = opened;
    button("model").addEventListener("click", () => this.#show());
    button("forget").addEventListener("click", () => void Clip.cache.clear().then(showKept));
    button("load").addEventListener("click", () => void this.#load());
    button("model-cancel").addEventListener("click", () => this.#loading?.abort());
    dialog.addEventListener("close", () => this.#loading?.abort());
    input("address").addEventListener("input", () => pick("address"));
    for (const id of ["model-file", "model-folder"]) {
      input(id).addEventListener("change", () => this.choose([...(input(id).files ?? [])]));
    }
  }

  /** Takes files that were chosen or dropped, and shows the dialog. */
  choose(files: File[]): void {
    this.#chosen = files;
    const [first] = files;
    const folder = first?.webkitRelativePath.split("/")[0];
    chosenName.textContent = files.length > 1 ? `${folder || "a folder"}, ${files.length} files` : (first?.name ?? "");
    pick("files");
    this.#show();
  }

  #show(): void {
    if (!dialog.open) {
      dialog.showModal();
      void showKept().catch(() => {});
    }
  }

  /** Opens the model that ships, for a start. */
  start(onProgress: (progress: Progress) => void): Promise<Opened> {
    return open("tiny", undefined, { onProgress });
  }

  async #load(): Promise<void> {
    const kind = new FormData(dialog.querySelector("form")!).get("source");
    const address = input("address").value.trim();
    const [name, source]: [string, Source] =
      kind === "tiny"
        ? ["tiny", undefined]
        : kind === "address"
          ? [nameOf(address), address]
          : [chosenName.textContent ?? "", this.#chosen.length === 1 ? this.#chosen[0] : this.#chosen];
    if (kind === "address" && !address) {
      say("Type an address first.", true);
      return;
    }
    this.#loading?.abort();
    const controller = (this.#loading = new AbortController());
    try {
      const options = {
        device: element("device", HTMLSelectElement).value,
        precision: element("precision", HTMLSelectElement).value,
        signal: controller.signal,
        onProgress: (progress: Progress) => {
          say(described(progress));
          bar.hidden = false;
          if (progress.total > 0) {
            bar.max = progress.total;
            bar.value = progress.loaded;
          } else {
            bar.removeAttribute("value");
          }
        },
      } as LoadOptions;
      say("Looking …");
      const opened = await open(name, source, options);
      say("");
      dialog.close();
      this.#opened(opened);
    } catch (error) {
      say(
        error instanceof ClipError && error.code === "aborted"
          ? ""
          : `${error instanceof Error ? error.message : error}`,
        true,
      );
    } finally {
      bar.hidden = true;
    }
  }
}

async function open(name: string, source: Source, options: LoadOptions): Promise<Opened> {
  return { clip: await Clip.load(source, options), name };
}

export function described({ status, file, loaded, total }: Progress): string {
  const share =
    total > 0 ? ` ${Math.round((100 * loaded) / total)} %` : loaded > 1e6 ? ` ${(loaded / 1e6).toFixed(0)} MB` : "";
  return status === "download" ? `Fetching ${file}${share}` : `Loading the model${share}`;
}

/** Whether dropped files are a model and not pictures. */
export function isModel(files: readonly File[]): boolean {
  return files.some(({ name }) => /\.(safetensors|pt|pth|gguf|npz)$|^(open_clip_)?config\.json$/.test(name));
}

/** Says what the browser keeps of models from addresses. */
async function showKept(): Promise<void> {
  const files = await Clip.cache.list();
  const bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  some("kept").hidden = files.length === 0;
  some("kept-text").textContent =
    `${files.length} files of fetched models are kept, ${(bytes / 1e6).toFixed(0)} MB; they work offline.`;
}

function nameOf(address: string): string {
  const parts = address
    .replace(/\/(resolve|tree)\/[^/]+\/?$/, "")
    .split("/")
    .filter(Boolean);
  return parts.slice(-2).join("/") || address;
}

function pick(value: string): void {
  dialog.querySelector<HTMLInputElement>(`[name=source][value=${value}]`)!.checked = true;
}

function say(text: string, failed = false): void {
  state.textContent = text;
  state.dataset.state = failed ? "failed" : "busy";
}
