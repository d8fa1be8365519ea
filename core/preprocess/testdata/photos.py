#!/usr/bin/env python3
"""Draws photographs of 12 megapixels to measure with: photos.py OUT

Soft shapes at several scales, edges and sensor noise, saved as cameras and phones save them: NAME.jpg for each quality,
subsampling and coding below. They are made from a fixed seed and take about 50 MB, so they are drawn when they are wanted.
Needs Pillow and NumPy.
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 4000, 3000
SAVED = {
    "q75-420": dict(quality=75, subsampling="4:2:0"),
    "q90-420": dict(quality=90, subsampling="4:2:0"),
    "q95-420": dict(quality=95, subsampling="4:2:0"),
    "q90-422": dict(quality=90, subsampling="4:2:2"),
    "q90-444": dict(quality=90, subsampling="4:4:4"),
    "q75-420-progressive": dict(quality=75, subsampling="4:2:0", progressive=True),
    "q90-420-progressive": dict(quality=90, subsampling="4:2:0", progressive=True),
}


def photo(seed):
    random = np.random.default_rng(seed)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for cells, strength in (3, 60), (12, 40), (60, 25), (300, 12), (1500, 6):  # detail falls off as in nature
        small = random.normal(0, strength, (max(2, cells * HEIGHT // WIDTH), cells, 3)).astype(np.float32)
        small = small * 0.35 + small.mean(2, keepdims=True)  # more light than colour
        for band in range(3):
            picture[..., band] += np.asarray(Image.fromarray(small[..., band]).resize((WIDTH, HEIGHT), Image.BICUBIC))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    for _ in range(60):  # things with edges
        cx, cy, r = random.uniform(0, WIDTH), random.uniform(0, HEIGHT), random.uniform(40, 500)
        inside = (x - cx) ** 2 + (1 + random.random()) * (y - cy) ** 2 < r * r
        picture[inside] = picture[inside] * 0.5 + random.normal(0, 60, 3).astype(np.float32)
    picture += random.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(np.float32) + random.normal(0, 1.5, picture.shape).astype(np.float32)
    return Image.fromarray(np.clip(picture + 128, 0, 255).astype(np.uint8))


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    picture = photo(1)
    for name, options in SAVED.items():
        picture.save(out / f"{name}.jpg", **options)


if __name__ == "__main__":
    main()
