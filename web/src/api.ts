// What the package takes and gives. wasm/README.md describes the program below it, which has the same methods.

/** A class of the browser where there is one; Node has no HTMLImageElement, and projects without DOM types no name for it. */
export type Browser<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Instance }> ? Instance : never;

/**
 * Where a model comes from: the address of a model folder or checkpoint file (in Node also a path), the file itself, or
 * a list of Files that are a model folder. Nothing: the model that ships with the package.
 */
export type Source =
  undefined | string | URL | Blob | ArrayBuffer | ArrayBufferView | readonly Browser<"File">[] | Browser<"FileList">;

/**
 * A picture: an encoded file (Blob, File, bytes, an address, in Node a path), an `<img>`, which stands for its address,
 * or pixels that are decoded already.
 */
export type Picture =
  | string
  | URL
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | Browser<"ImageData">
  | Browser<"ImageBitmap">
  | Browser<"VideoFrame">
  | Browser<"OffscreenCanvas">
  | Browser<"HTMLCanvasElement">
  | Browser<"HTMLImageElement">
  | Browser<"HTMLVideoElement">;

export interface Progress {
  status: "download" | "load" | "ready";
  file: string;
  /** Bytes of a download, tensors while the weights are loaded. */
  loaded: number;
  /** 0 where nobody knows. */
  total: number;
}

/** What decodes picture files: goclip gives every browser, and the command line program, the same pixels. */
export type Decoder = "goclip" | "browser";

export interface LoadOptions {
  device?: "auto" | "webgpu" | "wasm";
  precision?: "auto" | "f32" | "f16" | "bf16" | "int8";
  /** The weights of a tower that is not named are not loaded. */
  towers?: "image" | "text" | "both" | readonly ("image" | "text")[];
  /** How many threads compute; 0 or nothing: as many as are useful. More than one need a page that is cross-origin isolated. */
  threads?: number;
  /** Unless a call says otherwise: "goclip". */
  decoder?: Decoder;
  /** Whether files from an address are kept in the browser: where there is room ("auto"), always, or never. */
  cache?: "auto" | boolean;
  /** After how many milliseconds without a byte a connection counts as lost: 60,000. */
  timeout?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface CallOptions {
  /** Rejects the call with the code "aborted", and ends what it computes. */
  signal?: AbortSignal;
}

export interface PictureOptions extends CallOptions {
  decoder?: Decoder;
}

export interface ClassifierOptions extends CallOptions {
  /** "openai80", "openai7", "none", one sentence with {} for the label, or a list of sentences. */
  templates?: string | readonly string[];
}

export interface Label {
  label: string;
  /** Of all labels 1 together, or each for itself where `info.scores` is "sigmoid". */
  probability: number;
  /** Cosine times the model's scale, plus its bias. */
  logit: number;
}

export interface Tensor<Data = Float32Array | BigInt64Array | Int32Array> {
  data: Data;
  shape: number[];
}

export interface TowerInfo {
  kind: string;
  width: number;
  layers: number;
  heads: number;
  parameters: number;
  /** Channels and blocks of each stage of a convolutional tower. */
  widths?: number[];
  depths?: number[];
  image_size?: number;
  patch?: number;
  context?: number;
  vocabulary?: number;
}

/** What the model is, as `goclip inspect --json` says it, and what computes it. */
export interface Info {
  family: string;
  source: string;
  format: string;
  /** Values of an embedding. */
  embedding: number;
  scores: "softmax" | "sigmoid";
  logit_scale: number;
  logit_bias: number;
  image?: TowerInfo;
  text?: TowerInfo;
  parameters: number;
  device: string;
  device_name: string;
  /** What the device uses: "relaxed" SIMD of WebAssembly, or "simd128". */
  level: string;
  /** Why there are this level and so many threads. */
  reason: string;
  precision: string;
  threads: number;
  decoder: Decoder;
}

/** What a model did since it was loaded. Times are sums, in milliseconds. */
export interface Stats {
  pictures: number;
  /** Fetching or reading, and decoding. */
  decode: number;
  /** Resizing, cropping, normalising. */
  resize: number;
  /** The image tower. */
  image: number;
  texts: number;
  /** Tokenizer and text tower. */
  text: number;
  /** Bytes of memory, weights included unless a GPU has them; the largest there ever was, since WebAssembly gives nothing back. */
  memory: number;
}

/** A file from an address that the browser keeps. */
export interface CachedFile {
  address: string;
  /** How many of its bytes are kept. */
  bytes: number;
  size: number;
}

export type ErrorCode =
  | "aborted"
  | "crashed"
  | "device-lost"
  | "disposed"
  | "failed"
  | "internal"
  | "invalid-argument"
  | "invalid-model"
  | "network"
  | "no-tower"
  | "not-found"
  | "not-image"
  | "quota"
  | "too-large"
  | "unsupported";

/** The README lists what each code means. */
export class ClipError extends Error {
  readonly code: ErrorCode;

  constructor(message: string, code: ErrorCode) {
    super(message);
    this.name = "ClipError";
    this.code = code;
  }
}
