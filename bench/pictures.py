#!/usr/bin/env python3
"""Decodes and resizes photographs with goclip and with Pillow in turns, one thread each: pictures.py PHOTOS [--rounds N]

PHOTOS is a folder of 12-megapixel JPEG files, such as core/preprocess/testdata/photos.py draws. Prints for every file the
least processor time of each side and their ratio, to decode it and to bring it from the file to 224 x 224 pixels; and for
shrinking 4000 x 3000 pixels alone. Pillow resizes the whole picture and crops it then, as the models' own code does.
Processor time, so that others on the machine matter less. Needs Go and what requirements.txt lists.
"""
import argparse
import io
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent


def goclip(binary, photos, pattern):
    """The processor time of one run of a Go benchmark, in milliseconds: of eight runs less that of two."""
    def spent(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([binary, "-test.run=^$", f"-test.bench={pattern}", f"-test.benchtime={runs}x", "-test.cpu=1"], check=True,
                       capture_output=True, env={"GOCLIP_PHOTOS": str(photos)}, cwd=ROOT / "core/preprocess")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return 1e3 * (spent(8) - spent(2)) / 6


def timed(run):
    start = time.process_time()
    result = run()
    return 1e3 * (time.process_time() - start), result


def decode(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def shrink(picture):
    width, height = picture.size
    size = (224 * width // height, 224) if width > height else (224, 224 * height // width)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    return picture.resize(size, Image.BICUBIC).crop((left, top, left + 224, top + 224))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    photos = args.photos.resolve()
    files = {p.stem: p.read_bytes() for p in sorted(photos.glob("*.jpg"))}
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        binary = str(Path(folder) / "preprocess.test")
        subprocess.run(["go", "test", "-c", "-o", binary, "./core/preprocess"], check=True, cwd=ROOT)

        def note(case, ours, theirs):
            old = best.get(case, (ours, theirs))
            best[case] = min(old[0], ours), min(old[1], theirs)

        for _ in range(args.rounds):
            for name, data in files.items():
                decoding, picture = timed(lambda: decode(data))
                shrinking, _ = timed(lambda: shrink(picture))
                note(f"{name}, decode", goclip(binary, photos, f"^BenchmarkDecode$/^{name}$"), decoding)
                note(f"{name}, to 224", goclip(binary, photos, f"^BenchmarkApplyFile$/^{name}$"), decoding + shrinking)
            note("shrink to 224", goclip(binary, photos, "^BenchmarkApply$/^crop$/^wide$"), shrinking)
    print(f"{'':32} {'goclip ms':>10} {'Pillow ms':>10} {'ratio':>6}")
    for case, (ours, theirs) in best.items():
        print(f"{case:32} {ours:10.1f} {theirs:10.1f} {ours / theirs:6.2f}")


if __name__ == "__main__":
    main()
