#!/usr/bin/env python3
"""Writes the small checkpoints of this folder with PyTorch and safetensors themselves, and what they hold.

    make.py FOLDER      (torch 2.15.0, safetensors 0.8.0, numpy; any recent versions give the same tensors)

expect.safetensors holds every tensor of the other files once, row-major: floats as F32, integers as I64.
"""
import argparse
import pathlib
import sys
from collections import OrderedDict

import numpy
import safetensors.numpy
import safetensors.torch
import torch

folder = pathlib.Path(sys.argv[1])
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
state = OrderedDict(
    f32=base,
    f16=base.half(),
    bf16=base.bfloat16(),
    f64=base.double(),
    transposed=base.t(),
    columns=base[:, 2:4],
    rows=base[1:3],
    stepped=base[::2, ::3],
    permuted=torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
    expanded=torch.tensor([1.0, 2.0]).expand(3, 2),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(base.clone()),
    i64=torch.tensor([[-1, 2**40]]),
    i32=torch.tensor([-5, 7], dtype=torch.int32),
    i16=torch.tensor([-300], dtype=torch.int16),
    i8=torch.tensor([-128, 127], dtype=torch.int8),
    u8=torch.tensor([255], dtype=torch.uint8),
    bool=torch.tensor([True, False]),
)
untyped = OrderedDict(
    u16=torch.tensor([65535, 1], dtype=torch.uint16),
    u32=torch.tensor([2**32 - 1], dtype=torch.uint32),
    u64=torch.tensor([2**63 - 1], dtype=torch.uint64),
    f8=torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn),
    c64=torch.tensor([1 + 2j]),
)
training = {
    "epoch": 3,
    "name": "run",
    "state_dict": {"module." + name: t for name, t in state.items()},
    "optimizer": {
        "state": {0: {"step": torch.tensor(1.0)}},
        "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.98), "params": [0, 1], "amsgrad": False, "foreach": None}],
    },
    "rng": torch.get_rng_state(),
    "seed": 2**63 + 5,
    "size": base.shape,
    "dtype": torch.float16,
    "device": torch.device("cpu"),
}
legacy = dict(_use_new_zipfile_serialization=False)
torch.save(state, folder / "zip.pt")
torch.save(state, folder / "protocol4.pt", pickle_protocol=4)
torch.save(state, folder / "protocol5.pt", pickle_protocol=5)
torch.save(state, folder / "legacy.pt", **legacy)
torch.save(training, folder / "training.pt")
torch.save(training, folder / "training-legacy.pt", **legacy)
torch.save(untyped, folder / "untyped.pt")
torch.save({"args": argparse.Namespace(lr=1), "state_dict": state}, folder / "refused.pt")
torch.save(torch.nn.Linear(3, 2), folder / "refused-module.pt")

shared = torch.nn.Linear(6, 4)
with torch.no_grad():
    shared.weight.copy_(base)
    shared.bias.copy_(base[:, 0])
tree = torch.nn.Sequential(shared, torch.nn.ReLU(), torch.nn.Sequential(torch.nn.BatchNorm1d(4), torch.nn.Flatten()))
torch.jit.save(torch.jit.script(tree.eval()), folder / "script.pt")

expect = {}
for name, t in {**state, **untyped, **tree.state_dict()}.items():
    if t.dtype in (torch.float8_e4m3fn, torch.complex64):
        continue
    t = t.detach().contiguous()
    expect[name] = t.float().numpy() if t.is_floating_point() else t.numpy().astype(numpy.int64)
safetensors.numpy.save_file(expect, folder / "expect.safetensors")
kinds = {k: v.contiguous().clone() for k, v in {**state, **untyped}.items()}
safetensors.torch.save_file(kinds, folder / "kinds.safetensors", metadata={"format": "pt", "note": 'a "quoted" word'})
safetensors.numpy.save_file(
    {
        "z": numpy.arange(3, dtype=numpy.float32),
        "b\"<é>\\": numpy.array([[1.5], [-2.0]], dtype=numpy.float32),
        "ids": numpy.array([[1, -2, 3]], dtype=numpy.int64),
        "lengths": numpy.array([7], dtype=numpy.int32),
        "scalar": numpy.array(4.0, dtype=numpy.float32),
        "none": numpy.zeros((2, 0), dtype=numpy.float32),
    },
    folder / "written.safetensors",
)
