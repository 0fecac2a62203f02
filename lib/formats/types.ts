/**
 * What every reader of model files gives and every writer takes.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";

/**
 * How a matrix's bytes are arranged.
 *
 * `rows`: row-major, as GGUF and safetensors have it. `rows16`: quantized blocks of 16 neighbouring
 * rows interleaved for vector kernels; docs/format.md has the exact layout.
 */
export type TensorLayout = "rows" | "rows16";

/** One tensor inside a model file: a name, a type, a shape and a run of bytes. */
export interface TensorInfo {
  /** Name in the convention of the map that holds it. */
  readonly name: string;
  /** Element type. */
  readonly dtype: DType;
  /** Sizes, outermost first: `[rows, columns]`. */
  readonly shape: readonly number[];
  /** Arrangement of the bytes. */
  readonly layout: TensorLayout;
  /** The file that holds the bytes. */
  readonly path: string;
  /** First byte, counted from the start of that file. */
  readonly offset: number;
  /** Number of bytes. */
  readonly byteLength: number;
}

/**
 * A tensor as a file lists it, whose element type Qorus may not be able to compute with.
 *
 * Listings (`qorus info`) show it; `usableTensor` makes a {@linkcode TensorInfo} of it or throws.
 */
export interface StoredTensor extends Omit<TensorInfo, "dtype"> {
  /** Element type in the file's own words, such as `Q4_K` or `F64`. */
  readonly storedType: string;
  /** Element type, absent where Qorus has none for it. */
  readonly dtype?: DType;
}

/**
 * Llama-3's stretching of rotary frequencies, a plain division of positions, or one divisor for
 * each of the `headSize / 2` frequencies (what GGUF keeps in `rope_freqs.weight`).
 */
export type RopeScaling =
  | {
    readonly type: "llama3";
    readonly factor: number;
    readonly lowFrequencyFactor: number;
    readonly highFrequencyFactor: number;
    readonly originalContextLength: number;
  }
  | { readonly type: "linear"; readonly factor: number }
  | { readonly type: "factors"; readonly factors: readonly number[] };

/** Hyper-parameters of a decoder-only transformer of the Llama family. */
export interface ModelConfig {
  /** Family: `llama` (1, 2, 3, SmolLM), `mistral` or `qwen2`. */
  readonly architecture: string;
  /** Number of tokens: rows of the embedding. */
  readonly vocabSize: number;
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width inside the feed-forward network. */
  readonly intermediateSize: number;
  /** Number of transformer blocks. */
  readonly layerCount: number;
  /** Number of query heads. */
  readonly headCount: number;
  /** Number of key and value heads; query heads share them in groups. */
  readonly keyValueHeadCount: number;
  /** Width of one attention head. */
  readonly headSize: number;
  /** Longest sequence the model was trained for, in tokens. */
  readonly contextLength: number;
  /** Added to the mean square inside RMSNorm. */
  readonly normEpsilon: number;
  /** Base of the rotary frequencies. */
  readonly ropeBase: number;
  /**
   * Which elements of a head are turned together: `neighbouring` (0,1), (2,3) ... as llama2.c and
   * GGUF's llama store it, or `half` (0,n/2), (1,n/2+1) ... as Hugging Face and GGUF's qwen2 do.
   */
  readonly ropeStyle: "neighbouring" | "half";
  /** How rotary frequencies are stretched for contexts longer than those first trained. */
  readonly ropeScaling?: RopeScaling;
  /** The output matrix is the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Query, key and value projections have a bias (Qwen2). */
  readonly attentionBias: boolean;
}

/** What a model file says about generation. */
export interface GenerationDefaults {
  /** Tokens that end a text. */
  readonly endTokens: readonly number[];
  /** Token that starts a text, if the model has one. */
  readonly beginToken?: number;
  /** The author's suggestion for sampling. */
  readonly temperature?: number;
  /** The author's suggestion for sampling. */
  readonly topK?: number;
  /** The author's suggestion for sampling. */
  readonly topP?: number;
}

/** Scalar types of GGUF metadata. */
export type GgufScalarType =
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "f32"
  | "bool"
  | "string"
  | "u64"
  | "i64"
  | "f64";

/** Typed arrays that hold GGUF's numeric arrays. */
export type NumericArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** One metadata value of a GGUF file, with the type it is stored as. */
export type GgufValue =
  | {
    readonly type: "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";
    readonly value: number;
  }
  | { readonly type: "u64" | "i64"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | {
    readonly type: "array";
    readonly element: GgufScalarType;
    readonly value: readonly string[] | readonly boolean[] | NumericArray;
  };

/** GGUF metadata in file order. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** Where the tokenizer of a checkpoint is to be found. */
export type TokenizerSource =
  | { readonly kind: "gguf"; readonly metadata: GgufMetadata; readonly path: string }
  | { readonly kind: "huggingface"; readonly folder: string }
  | { readonly kind: "serialized"; readonly bytes: Uint8Array; readonly path: string }
  | { readonly kind: "file"; readonly path: string };

/**
 * A language model's file or folder, opened: hyper-parameters, tensors and where the tokenizer is.
 *
 * Tensor names are Hugging Face's (`model.layers.0.self_attn.q_proj.weight`) whatever the file is.
 */
export interface Checkpoint {
  /** What the model is stored as; `memory`: it is no file, but a network of this process. */
  readonly format: "qorus" | "gguf" | "huggingface" | "llama2c" | "memory";
  /** The file or folder that was opened; `memory` where there is none. */
  readonly path: string;
  /** Hyper-parameters. */
  readonly config: ModelConfig;
  /** The weights by name. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Absent where the format has none (llama2.c keeps it in a file beside). */
  readonly tokenizer?: TokenizerSource;
  /** What the file says about generation. */
  readonly generation: GenerationDefaults;
  /** Jinja template that turns a list of messages into a prompt. */
  readonly chatTemplate?: string;
  /** Where the model comes from, for people; `note` is what a user of it should know. */
  readonly provenance?: Readonly<Record<string, string>>;
}
