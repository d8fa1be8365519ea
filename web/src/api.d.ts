// What load and its results look like, in the worker (wasm/README.md) and on the page.

export type Source = undefined | string | URL | Blob | ArrayBuffer | ArrayBufferView | File[] | FileList;

export type Picture = Blob | ArrayBuffer | ArrayBufferView | string | URL | ImageData;

export interface Progress {
  status: "download" | "load" | "ready";
  file: string;
  /** Bytes of a download, tensors while the weights are loaded. */
  loaded: number;
  /** 0 where nobody knows. */
  total: number;
}

export interface Options {
  device?: "auto" | "webgpu" | "wasm";
  precision?: "auto" | "f32" | "f16" | "bf16" | "int8";
  towers?: "image" | "text" | "both" | ("image" | "text")[];
  threads?: number;
  /** Folder below which models/tiny lies, the model that is loaded without a source. */
  base?: string | URL;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface Label {
  label: string;
  probability: number;
  logit: number;
}

export interface Tensor {
  data: Float32Array | BigInt64Array | Int32Array;
  shape: number[];
}

export type Tensors = Record<string, Tensor>;

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

export interface Info {
  family: string;
  source: string;
  format: string;
  embedding: number;
  scores: "softmax" | "sigmoid";
  logit_scale: number;
  logit_bias: number;
  image?: TowerInfo;
  text?: TowerInfo;
  parameters: number;
  device: string;
  device_name: string;
  precision: string;
  threads: number;
}

export interface Classifier {
  classify(image: Picture, options?: { top?: number }): Promise<Label[]>;
  dispose(): Promise<void>;
}

export interface Model {
  readonly info: Info;
  embedImage(image: Picture): Promise<Float32Array>;
  embedImages(images: Picture[]): Promise<Float32Array[]>;
  embedText(text: string): Promise<Float32Array>;
  embedTexts(texts: string[]): Promise<Float32Array[]>;
  classifier(labels: string[], options?: { templates?: string | string[] }): Promise<Classifier>;
  run(
    tensors: Tensors,
    options?: { hidden?: boolean },
  ): Promise<Record<string, { data: Float32Array; shape: number[] }>>;
  dispose(): Promise<void>;
}

declare global {
  /** Set by goclip.wasm. */
  var goclip: { version: string; load(source?: Source, options?: Options): Promise<Model> };
}
