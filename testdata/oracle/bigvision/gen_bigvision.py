#!/usr/bin/env python3
"""Writes a golden SigLIP of transformers as big_vision's archive of arrays.

    gen_bigvision.py models/hf-siglip OUT.npz

The inverse of transformers' convert_siglip_to_hf.py: matrices as [in, out], attention's with an axis for the heads, filters as
[height, width, in, out]. The image tower's blocks share one array each, as models trained with scan have them; the text tower's are
apart. Needs numpy and safetensors.
"""
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def dense(weights, stem):
    return {"kernel": weights[stem + ".weight"].T, "bias": weights[stem + ".bias"]}


def norm(weights, stem):
    return {"scale": weights[stem + ".weight"], "bias": weights[stem + ".bias"]}


def attention(width, heads, q, k, v, out):
    inner = {"query": q, "key": k, "value": v}
    made = {n: {"kernel": d["kernel"].reshape(width, heads, -1), "bias": d["bias"].reshape(heads, -1)} for n, d in inner.items()}
    made["out"] = {"kernel": out["kernel"].reshape(heads, -1, width), "bias": out["bias"]}
    return made


def block(weights, stem, width, heads):
    a = [dense(weights, f"{stem}.self_attn.{n}_proj") for n in ("q", "k", "v", "out")]
    return {"LayerNorm_0": norm(weights, stem + ".layer_norm1"), "MultiHeadDotProductAttention_0": attention(width, heads, *a),
            "LayerNorm_1": norm(weights, stem + ".layer_norm2"),
            "MlpBlock_0": {"Dense_0": dense(weights, stem + ".mlp.fc1"), "Dense_1": dense(weights, stem + ".mlp.fc2")}}


def stack(trees):
    if isinstance(trees[0], dict):
        return {k: stack([t[k] for t in trees]) for k in trees[0]}
    return np.stack(trees)


def flatten(tree, path="params"):
    if not isinstance(tree, dict):
        return {path: np.ascontiguousarray(tree)}
    return {k: v for name, below in tree.items() for k, v in flatten(below, f"{path}/{name}").items()}


def main():
    folder, out = Path(sys.argv[1]), sys.argv[2]
    config, w = json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")
    vision, text = config["vision_config"], config["text_config"]
    width, heads = vision["hidden_size"], vision["num_attention_heads"]
    q, k, v = np.split(w["vision_model.head.attention.in_proj_weight"], 3)
    qb, kb, vb = np.split(w["vision_model.head.attention.in_proj_bias"], 3)
    parts = [{"kernel": m.T, "bias": b} for m, b in ((q, qb), (k, kb), (v, vb))]
    image = {
        "embedding": {"kernel": w["vision_model.embeddings.patch_embedding.weight"].transpose(2, 3, 1, 0),
                      "bias": w["vision_model.embeddings.patch_embedding.bias"]},
        "pos_embedding": w["vision_model.embeddings.position_embedding.weight"][None],
        "Transformer": {
            "encoderblock": stack([block(w, f"vision_model.encoder.layers.{i}", width, heads) for i in range(vision["num_hidden_layers"])]),
            "encoder_norm": norm(w, "vision_model.post_layernorm")},
        "MAPHead_0": {
            "probe": w["vision_model.head.probe"],
            "MultiHeadDotProductAttention_0": attention(width, heads, *parts, dense(w, "vision_model.head.attention.out_proj")),
            "LayerNorm_0": norm(w, "vision_model.head.layernorm"),
            "MlpBlock_0": {"Dense_0": dense(w, "vision_model.head.mlp.fc1"), "Dense_1": dense(w, "vision_model.head.mlp.fc2")}},
    }
    encoder = {f"encoderblock_{i}": block(w, f"text_model.encoder.layers.{i}", text["hidden_size"], text["num_attention_heads"])
               for i in range(text["num_hidden_layers"])}
    encoder["encoder_norm"] = norm(w, "text_model.final_layer_norm")
    language = {"Embed_0": {"embedding": w["text_model.embeddings.token_embedding.weight"]},
                "pos_embedding": w["text_model.embeddings.position_embedding.weight"][None], "Encoder_0": encoder,
                "head": dense(w, "text_model.head")}
    np.savez(out, **flatten({"img": image, "txt": language, "t": w["logit_scale"], "b": w["logit_bias"]}))


if __name__ == "__main__":
    main()
