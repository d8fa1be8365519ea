// A model, and labels that it embedded.

import {
  ClipError,
  type CachedFile,
  type CallOptions,
  type ClassifierOptions,
  type Decoder,
  type Info,
  type Label,
  type LoadOptions,
  type Picture,
  type PictureOptions,
  type Source,
  type Stats,
  type Tensor,
} from "./api.js";
import { Connection } from "./connection.js";
import type { EmbeddedLabels } from "./messages.js";
import { portable, portableSource } from "./picture.js";
import { rank } from "./rank.js";

/** A model in a worker of its own. */
export class Clip {
  readonly #connection: Connection;
  readonly #decoder: Decoder;
  /** Vectors of the labels of earlier classifiers, by templates and label: an edited list needs only what is new. */
  readonly #labels = new Map<string, { embedding: Float32Array; truncated: boolean }>();

  #info: Info;

  private constructor(connection: Connection, info: Info) {
    this.#connection = connection;
    this.#decoder = info.decoder;
    this.#info = info;
    connection.onInfo = (changed) => (this.#info = { ...(changed as Info), decoder: info.decoder });
  }

  /** What the model is and what computes it: after a GPU was lost and a call was answered, what took its place. */
  get info(): Info {
    return this.#info;
  }

  /** The files from addresses that the browser keeps. */
  static readonly cache = {
    /** The files, how many of their bytes there are, and how many they have. */
    list: async (): Promise<CachedFile[]> => (await alone("list", undefined)) as CachedFile[],
    /** Forgets a file, all files of a folder, or, without an address, everything. */
    clear: async (address?: string | URL): Promise<void> => void (await alone("clear", portableSource(address))),
  };

  /** Opens a model; without a source the one that ships with the package. */
  static async load(source?: Source, options: LoadOptions = {}): Promise<Clip> {
    const { signal, onProgress, decoder = "goclip", ...rest } = options;
    if (decoder !== "goclip" && decoder !== "browser") {
      throw new ClipError(`load: there is no decoder "${decoder}": use "goclip" or "browser"`, "invalid-argument");
    }
    if (decoder === "browser" && typeof createImageBitmap === "undefined") {
      throw new ClipError('load: the decoder "browser" needs a browser: use "goclip"', "unsupported");
    }
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw new ClipError("load: onProgress must be a function", "invalid-argument");
    }
    const portableOptions = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const from = portableSource(source);
    const connection = new Connection();
    try {
      const info = await connection.call("load", from, portableOptions, { signal, onProgress });
      return new Clip(connection, { ...(info as Info), decoder });
    } catch (error) {
      connection.end(new ClipError("load: it failed", "failed"));
      throw error;
    }
  }

  /** The embedding of a picture, of unit length. */
  async embedImage(image: Picture, options: PictureOptions = {}): Promise<Float32Array> {
    const [embedding] = await this.embedImages([image], options);
    return embedding!;
  }

  /** The embeddings of pictures. One that cannot be read fails all; the error says which. */
  async embedImages(images: Iterable<Picture>, options: PictureOptions = {}): Promise<Float32Array[]> {
    const { signal, decoder = this.#decoder } = options;
    if (typeof images === "string" || typeof images?.[Symbol.iterator] !== "function") {
      throw new ClipError("embedImages: want a list of pictures", "invalid-argument");
    }
    const list = await Promise.all(Array.from(images, (image) => portable(image, decoder)));
    const values = list.map(({ value }) => value);
    const transfer = list.flatMap(({ transfer }) => transfer);
    const vectors = await this.#connection.call("embedImages", values, { decoder }, { signal, transfer });
    return vectors as Float32Array[];
  }

  /** The embedding of a text, of unit length. */
  async embedText(text: string, options: CallOptions = {}): Promise<Float32Array> {
    const [embedding] = await this.embedTexts([text], options);
    return embedding!;
  }

  /** The embeddings of texts. */
  async embedTexts(texts: Iterable<string>, { signal }: CallOptions = {}): Promise<Float32Array[]> {
    const list = strings("embedTexts", texts);
    return (await this.#connection.call("embedTexts", list, {}, { signal })) as Float32Array[];
  }

  /** Embeds labels. Those that an earlier classifier of this model had, with the same templates, cost nothing again. */
  async classifier(labels: Iterable<string>, options: ClassifierOptions = {}): Promise<Classifier> {
    const { templates, signal } = options;
    const list = strings("classifier", labels);
    const key = (label: string) => JSON.stringify([templates, label]);
    const twice = new Set(list).size < list.length;
    const missing = list.filter((label) => !this.#labels.has(key(label)));
    if (twice || missing.length > 0 || list.length === 0) {
      const asked = twice ? list : missing; // the program says what is wrong with a list
      const settings = templates === undefined ? {} : { templates };
      const result = await this.#connection.call("classifier", asked, settings, { signal });
      const { embeddings, truncated } = result as EmbeddedLabels;
      asked.forEach((label, i) =>
        this.#labels.set(key(label), { embedding: embeddings[i]!, truncated: truncated.includes(label) }),
      );
    }
    const known = list.map((label) => this.#labels.get(key(label))!);
    const truncated = list.filter((_, i) => known[i]!.truncated);
    const embeddings = known.map(({ embedding }) => embedding);
    if (this.#labels.size > labelsKept) {
      this.#labels.clear();
    }
    return new Classifier(this, list, embeddings, truncated);
  }

  /** Raw tensors through the towers, named as Hugging Face names them: `pixel_values`, `input_ids`, `image_embeds` … */
  async run(
    tensors: Record<string, Tensor>,
    { hidden = false, signal }: CallOptions & { hidden?: boolean } = {},
  ): Promise<Record<string, Tensor<Float32Array>>> {
    const result = await this.#connection.call("run", tensors, { hidden }, { signal });
    return result as Record<string, Tensor<Float32Array>>;
  }

  /** What the model did since it was loaded, how long it took, and the memory it has. */
  async stats(): Promise<Stats> {
    return (await this.#connection.call("stats", undefined, {})) as Stats;
  }

  /** Ends the worker and gives its memory back; calls that it has not answered are rejected. */
  async dispose(): Promise<void> {
    this.#labels.clear();
    this.#connection.end(new ClipError("the model was disposed of", "disposed"));
  }
}

/** Asks a worker that opens no model. */
async function alone(method: "list" | "clear", argument: unknown): Promise<unknown> {
  const connection = new Connection();
  try {
    return await connection.call(method, argument, {});
  } finally {
    connection.end(new ClipError(`${method}: it was answered`, "disposed"));
  }
}

/** How many labels' vectors a model keeps before it forgets them all. */
const labelsKept = 5000;

/** Labels that a model embedded. */
export class Classifier {
  readonly #clip: Clip;
  readonly labels: readonly string[];
  /** The labels' vectors, of unit length. */
  readonly embeddings: readonly Float32Array[];
  /** The labels that are longer, in one of their templates, than the model reads. */
  readonly truncated: readonly string[];

  constructor(
    clip: Clip,
    labels: readonly string[],
    embeddings: readonly Float32Array[],
    truncated: readonly string[],
  ) {
    this.#clip = clip;
    this.labels = labels;
    this.embeddings = embeddings;
    this.truncated = truncated;
  }

  /** Ranks the labels for a picture, the most probable first; `top` keeps so many. */
  async classify(image: Picture, options: PictureOptions & { top?: number } = {}): Promise<Label[]> {
    const { top, ...rest } = options;
    checkTop(top);
    return this.rank(await this.#clip.embedImage(image, rest), { top });
  }

  /** Ranks the labels for a picture that is embedded already, at once. */
  rank(picture: Float32Array, { top }: { top?: number | undefined } = {}): Label[] {
    checkTop(top);
    return rank(this.labels, this.embeddings, picture, this.#clip.info).slice(0, top);
  }
}

function checkTop(top: number | undefined): void {
  if (top !== undefined && !(Number.isInteger(top) && top >= 1)) {
    throw new ClipError("classify: top must be a whole number from 1", "invalid-argument");
  }
}

function strings(method: string, list: Iterable<string>): string[] {
  if (typeof list === "string" || typeof list?.[Symbol.iterator] !== "function") {
    throw new ClipError(`${method}: want a list of strings`, "invalid-argument");
  }
  return Array.from(list, (text, i) => {
    if (typeof text !== "string") {
      throw new ClipError(`${method}: element ${i} must be a string, not ${typeof text}`, "invalid-argument");
    }
    return text;
  });
}
