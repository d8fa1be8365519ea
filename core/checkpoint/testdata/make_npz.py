#!/usr/bin/env python3
"""Writes stored.npz and deflated.npz, by NumPy 2.4.6: arrays of every kind that big_vision's checkpoints have."""
import numpy as np

arrays = {
    "params/img/embedding/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8 - 1,
    "params/t": np.array(2.5, dtype=np.float32),
    "half": np.linspace(-3, 3, 7).astype(np.float16),
    "bfloat16": np.array([0x3F80, 0xC020], dtype=np.uint16).view("V2"),
    "steps": np.array([1, -2, 1 << 40]),
    "compressible": np.zeros((300, 1100), dtype=np.float32) + 0.25,
}
np.savez_compressed("deflated.npz", **{**arrays, "compressible": arrays["compressible"][:100]})
arrays["fortran"] = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
arrays["compressible"] = arrays["compressible"][:2]
np.savez("stored.npz", **arrays)
