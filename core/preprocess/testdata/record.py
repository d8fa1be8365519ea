#!/usr/bin/env python3
"""Records what Pillow makes of picture files, for variants_test.go.

    record.py FILE…                 prints a line for every file
    record.py --again variants.jsonl   prints the lines of that file as this Pillow has them; no difference is expected

A line has the file in base64, what it shows (kind, from the file's name up to the first dot), and Pillow's mode and size, or
error. The rest are SHA-256 sums of height x width x bands bytes: native (mode 1 as 0/255, I;16 little-endian), rgb
(convert("RGB")), upright (exif_transpose, then RGB), white (transparent parts on white, as transformers 5 converts).
Made with Pillow 13.0.0 on x86-64, whose libjpeg-turbo is 3.2.0 and libwebp 1.6.0.
"""
import base64, hashlib, io, json, sys, warnings
from pathlib import Path
import numpy as np
from PIL import Image, ImageOps

warnings.simplefilter("ignore")


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def native(im):
    if im.mode == "1":
        return np.array(im.convert("L"))
    return np.array(im).astype("<u2") if im.mode.startswith("I;16") else np.array(im)


def white(im):
    if "A" in im.getbands() or im.info.get("transparency") is not None:
        im = im.convert("RGBA")
        im = Image.alpha_composite(Image.new("RGBA", im.size, (255,) * 4), im)
    return np.array(im.convert("RGB"))


def record(kind, data):
    line = {"kind": kind, "data": base64.b64encode(data).decode()}
    try:
        im = Image.open(io.BytesIO(data))
        im.load()
        line.update(mode=im.mode.replace("I;16B", "I;16"), size=list(im.size), native=sha(native(im)), rgb=sha(np.array(im.convert("RGB"))))
        line.update(white=sha(white(im)), upright=sha(np.array(ImageOps.exif_transpose(im).convert("RGB"))))
    except Exception as e:
        line = {"kind": kind, "data": line["data"], "error": type(e).__name__}
    return json.dumps(line)


def main():
    if sys.argv[1] == "--again":
        lines = [json.loads(line) for line in Path(sys.argv[2]).read_text().splitlines()]
        files = [(line["kind"], base64.b64decode(line["data"])) for line in lines]
    else:
        files = [(Path(name).name.split(".")[0], Path(name).read_bytes()) for name in sys.argv[1:]]
    for kind, data in files:
        print(record(kind, data))


if __name__ == "__main__":
    main()
