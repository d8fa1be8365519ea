#!/usr/bin/env python3
"""Writes types.gguf: a tensor of each type that goclip reads, and beside each what ggml's own Python package makes of it.

    gguf_types.py > types.gguf        # with gguf 0.19, numpy
"""
import sys
import tempfile

import gguf
import numpy as np

Q = gguf.GGMLQuantizationType
rng = np.random.default_rng(1)
with tempfile.NamedTemporaryFile(suffix=".gguf") as f:
    w = gguf.GGUFWriter(f.name, "clip")
    w.add_bool("clip.use_gelu", True)
    w.add_uint32("clip.vision.image_size", 224)
    w.add_float32("clip.vision.eps", 1e-5)
    w.add_int64("small", -3)
    w.add_array("tokens", ["a", "b</w>", "猫"])
    w.add_array("clip.vision.image_mean", [0.48145466, 0.4578275, 0.40821073])
    values = (rng.standard_normal((2, 96)) * 3).astype(np.float32)
    for kind in [Q.F32, Q.F16, Q.BF16, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0]:
        data = gguf.quants.quantize(values, kind)
        w.add_tensor(kind.name, data, raw_dtype=kind)
        w.add_tensor(kind.name + ".want", gguf.quants.dequantize(data, kind).astype(np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    sys.stdout.buffer.write(open(f.name, "rb").read())
