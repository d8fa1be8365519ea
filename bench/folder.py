#!/usr/bin/env python3
"""A folder of photographs through one model, with goclip and with open_clip and Pillow in turns:

    folder.py DIR PHOTOS GOCLIP [--threads N] [--count N] [--rounds N] [--precisions f32,int8]

DIR is what peers.py prepares, PHOTOS a folder of JPEG files, such as core/preprocess/testdata/photos.py draws, which are taken again
and again until there are enough. Prints milliseconds for a picture, by the clock and of the processor, the least of all rounds.
goclip's are those of a whole run less a run with a quarter of the pictures, so that start and loading do not count; open_clip's are those of
its loop alone: Pillow in as many threads as goclip has, then the model in as many, eight pictures at a time.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = 8


def spent(command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def goclip(folder, files, program, threads, precision):
    def run(count):
        with tempfile.TemporaryDirectory() as out:
            return spent([program, "embed", "-q", "--device", "cpu", "-m", folder, "--threads", str(threads), "--precision", precision,
                          "-o", f"{out}/out.npy", *files[:count]])

    part = len(files) // 4
    return [1e3 * (a - b) / (len(files) - part) for a, b in zip(run(len(files)), run(part))]


def open_clip(folder, files, threads):
    answer = subprocess.run([sys.executable, __file__, "measure", folder, str(threads), *files], check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])


def measure(folder, threads, *files):
    from concurrent.futures import ThreadPoolExecutor

    import open_clip
    import torch
    from PIL import Image

    torch.set_num_threads(int(threads))
    arch = json.loads((Path(folder) / "peers.json").read_text())["arch"]
    model, _, prepare = open_clip.create_model_and_transforms(arch, pretrained=None)
    model.eval()
    with ThreadPoolExecutor(int(threads)) as pool, torch.inference_mode():
        def embed(paths):
            return model.encode_image(torch.stack(list(pool.map(lambda path: prepare(Image.open(path)), paths))), normalize=True)

        embed(files[:BATCH])
        start, cpu = time.perf_counter(), time.process_time()
        for i in range(0, len(files), BATCH):
            embed(files[i:i + BATCH])
        print(json.dumps([1e3 * (time.perf_counter() - start) / len(files), 1e3 * (time.process_time() - cpu) / len(files)]))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("folder")
    p.add_argument("photos", type=Path)
    p.add_argument("goclip")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--count", type=int, default=32)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--precisions", default="f32,int8")
    a = p.parse_args()
    photos = sorted(str(path) for path in a.photos.glob("*.jpg"))
    files = [photos[i % len(photos)] for i in range(a.count)]
    program = str(Path(a.goclip).resolve())
    sides = {"open_clip": lambda: open_clip(a.folder, files, a.threads)}
    for precision in a.precisions.split(","):
        sides[f"goclip {precision}"] = lambda precision=precision: goclip(a.folder, files, program, a.threads, precision)
    best = {name: [float("inf")] * 2 for name in sides}
    for _ in range(a.rounds):
        for name, run in sides.items():
            best[name] = [min(pair) for pair in zip(best[name], run())]
    for name, (clock, cpu) in best.items():
        print(f"{name}: {clock:.1f} ms by the clock, {cpu:.1f} ms of the processor ({best['open_clip'][0] / clock:.2f}x, "
              f"{best['open_clip'][1] / cpu:.2f}x of open_clip)")


if __name__ == "__main__":
    measure(*sys.argv[2:]) if sys.argv[1:2] == ["measure"] else main()
