#!/usr/bin/env python3
"""goclip beside PyTorch, ONNX Runtime and OpenVINO: one model, random weights, alternating runs on the same machine.

    peers.py prepare DIR [--arch ViT-B-32]            # an open_clip folder and its ONNX exports, float32 and int8
    peers.py run DIR GOCLIP [--rounds 5] [--rows image:1:1,text:8:2] [--peers goclip,onnxruntime,openvino,torch]

A row is TOWER:BATCH:THREADS. Every round measures each peer once, in a process of its own, in an order that moves on by one;
the table shows each peer's best median in milliseconds and what it takes over goclip's. Needs the packages of
requirements.txt beside this file, of which each peer uses its own.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROWS = [f"{tower}:{batch}:{threads}" for threads in (1, os.cpu_count()) for tower, batch in (("image", 1), ("image", 8), ("text", 8))]
PEERS = ["goclip", "onnxruntime", "openvino", "torch"]  # and goclip-int8, onnxruntime-int8
SECONDS = 2.0  # of one measurement, at least three runs


# ---- preparation -----------------------------------------------------------------------------------------------------

def create(arch):
    import open_clip
    import torch

    torch.manual_seed(1)
    return open_clip.create_model(arch, pretrained=None).eval()


def towers(model):
    """The two towers as modules of one tensor, without normalisation: what every peer computes."""
    import torch

    class Tower(torch.nn.Module):
        def __init__(self, encode):
            super().__init__()
            self.model, self.encode = model, encode

        def forward(self, x):
            return getattr(self.model, self.encode)(x)

    return {"image": Tower("encode_image"), "text": Tower("encode_text")}


def prepare(folder, arch):
    import open_clip
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model = create(arch)
    config = {"model_cfg": open_clip.get_model_config(arch), "preprocess_cfg": open_clip.get_model_preprocess_cfg(model)}
    (folder / "open_clip_config.json").write_text(json.dumps(config, default=list))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    (folder / "peers.json").write_text(json.dumps({"arch": arch}))
    for name, tower in towers(model).items():
        path = folder / f"{name}.onnx"
        torch.onnx.export(tower, (inputs(folder, name, 1),), path, input_names=["x"], output_names=["y"], dynamo=False,
                          dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, opset_version=18)
        quantize_dynamic(path, folder / f"{name}-int8.onnx", weight_type=QuantType.QInt8)
        print("exported", path.name)


def inputs(folder, tower, batch):
    import torch

    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    torch.manual_seed(2)
    if tower == "image":
        size = config["vision_cfg"]["image_size"]
        return torch.randn(batch, 3, size, size)
    text = config["text_cfg"]
    ids = torch.randint(1, text["vocab_size"] - 1, (batch, text["context_length"]))
    ids[:, -1] = text["vocab_size"] - 1  # the end token last: peers compute every position, and so does goclip here
    return ids


# ---- one measurement, in a process of its own ------------------------------------------------------------------------

def measure(peer, folder, tower, batch, threads):
    x = inputs(folder, tower, batch)
    name = tower + ("-int8" if peer.endswith("-int8") else "")
    if peer == "torch":
        import torch

        torch.set_num_threads(threads)
        module = towers(create(json.loads((folder / "peers.json").read_text())["arch"]))[tower]
        with torch.inference_mode():
            return median(lambda: module(x))
    if peer.startswith("onnxruntime"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
        feed = {"x": x.numpy()}
        return median(lambda: session.run(None, feed))
    import openvino

    core = openvino.Core()
    model = core.read_model(folder / f"{name}.onnx")
    model.reshape(list(x.shape))
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                                                 "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    feed = x.numpy()
    return median(lambda: request.infer([feed]))


def median(call):
    call()
    times = []
    start = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < SECONDS:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times)


# ---- alternating runs ------------------------------------------------------------------------------------------------

def one(peer, folder, goclip, row):
    tower, batch, threads = row.split(":")
    if peer.startswith("goclip"):
        command = [goclip, "bench", "-m", str(folder), "--tower", tower, "--batch", batch, "--threads", threads, "--json",
                   "--precision", "int8" if peer.endswith("-int8") else "f32"]
    else:
        command = [sys.executable, __file__, "measure", str(folder), peer, row]
    r = subprocess.run(command, capture_output=True, text=True)
    for line in r.stdout.splitlines():
        if line.startswith("{") and "ms" in (answer := json.loads(line)):
            return answer["ms"]
    sys.exit(f"{peer} {row}: {(r.stderr.strip() or r.stdout.strip() or 'no answer').splitlines()[-1]}")


def run(folder, goclip, rows, peers, rounds):
    print("| row | " + " | ".join(peers) + " |")
    print("| --- |" + " --- |" * len(peers))
    for row in rows:
        best = {}
        for i in range(rounds):
            turn = i % len(peers)
            for peer in peers[turn:] + peers[:turn]:
                best[peer] = min(best.get(peer, float("inf")), one(peer, folder, goclip, row))
        own = best[peers[0]]
        print(f"| {row} | " + " | ".join(f"{best[p]:.1f} ms ({best[p] / own:.2f}x)" for p in peers) + " |", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parts = p.add_subparsers(dest="part", required=True)
    q = parts.add_parser("prepare")
    q.add_argument("folder", type=Path)
    q.add_argument("--arch", default="ViT-B-32")
    q = parts.add_parser("run")
    q.add_argument("folder", type=Path)
    q.add_argument("goclip")
    q.add_argument("--rows", default=",".join(ROWS))
    q.add_argument("--peers", default=",".join(PEERS))
    q.add_argument("--rounds", type=int, default=5)
    q = parts.add_parser("measure")
    q.add_argument("folder", type=Path)
    q.add_argument("peer")
    q.add_argument("row")
    a = p.parse_args()
    if a.part == "prepare":
        prepare(a.folder, a.arch)
    elif a.part == "run":
        run(a.folder, str(Path(a.goclip).resolve()), a.rows.split(","), a.peers.split(","), a.rounds)
    else:
        tower, batch, threads = a.row.split(":")
        print(json.dumps({"ms": measure(a.peer, a.folder, tower, int(batch), int(threads))}))


if __name__ == "__main__":
    main()
