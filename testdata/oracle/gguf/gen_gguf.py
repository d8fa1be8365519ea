#!/usr/bin/env python3
"""Converts a golden CLIP folder to GGUF with clip.cpp's names and keys, through ggml's own Python package.

    gen_gguf.py models/hf-clip-vit OUT.gguf [--type f32|f16|q8_0|q4_0]

As clip.cpp's convert_hf_to_gguf.py: convolutions are always f16, vectors f32, matrices of the type asked for (f16 where rows are no
whole blocks). Needs gguf, numpy, safetensors.
"""
import argparse
import json
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

Q = gguf.GGMLQuantizationType
NAMES = [("text_model.", "t."), ("vision_model.", "v."), ("embeddings.class_embedding", "class_embd"),
         ("embeddings.patch_embedding", "patch_embd"), ("embeddings.position_embedding", "position_embd"),
         ("embeddings.token_embedding", "token_embd"), ("encoder.layers.", "blk."), ("self_attn.q_proj", "attn_q"),
         ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.out_proj", "attn_out"), ("layer_norm1", "ln1"),
         ("layer_norm2", "ln2"), ("mlp.fc1", "ffn_down"), ("mlp.fc2", "ffn_up"), ("pre_layrnorm", "pre_ln"),
         ("post_layernorm", "post_ln"), ("final_layer_norm", "post_ln")]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("folder", type=Path)
    p.add_argument("out")
    p.add_argument("--type", default="f16", choices=["f32", "f16", "q8_0", "q4_0"])
    a = p.parse_args()
    config = json.loads((a.folder / "config.json").read_text())
    text, vision = config["text_config"], config["vision_config"]
    w = gguf.GGUFWriter(a.out, "clip")
    w.add_bool("clip.has_text_encoder", True)
    w.add_bool("clip.has_vision_encoder", True)
    w.add_bool("clip.use_gelu", vision.get("hidden_act", "quick_gelu") == "gelu")
    for side, c in (("text", text), ("vision", vision)):
        for key, value in (("embedding_length", c["hidden_size"]), ("feed_forward_length", c["intermediate_size"]),
                           ("projection_dim", config["projection_dim"]), ("block_count", c["num_hidden_layers"]),
                           ("attention.head_count", c["num_attention_heads"])):
            w.add_uint32(f"clip.{side}.{key}", value)
        w.add_float32(f"clip.{side}.attention.layer_norm_epsilon", c.get("layer_norm_eps", 1e-5))
    w.add_uint32("clip.text.context_length", text["max_position_embeddings"])
    w.add_uint32("clip.vision.image_size", vision["image_size"])
    w.add_uint32("clip.vision.patch_size", vision["patch_size"])
    pictures = json.loads((a.folder / "preprocessor_config.json").read_text())
    w.add_array("clip.vision.image_mean", pictures["image_mean"])
    w.add_array("clip.vision.image_std", pictures["image_std"])
    vocabulary = json.loads((a.folder / "vocab.json").read_text())
    w.add_array("tokenizer.ggml.tokens", sorted(vocabulary, key=vocabulary.get))
    for name, values in sorted(load_file(a.folder / "model.safetensors").items()):
        if name == "logit_scale" or name.endswith("position_ids"):
            continue
        for old, new in NAMES:
            name = name.replace(old, new, 1)
        values = values.astype(np.float32)
        kind = Q[a.type.upper()] if values.ndim == 2 else Q.F16 if values.ndim == 4 else Q.F32
        if gguf.GGML_QUANT_SIZES[kind][0] > 1 and values.shape[-1] % gguf.GGML_QUANT_SIZES[kind][0]:
            kind = Q.F16
        w.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    main()
