#!/usr/bin/env python3
"""One picture through an ONNX export, as a short Python program does it: what goclip embed is compared with.

    first_answer.py DIR/image.onnx photo.jpg     # DIR from peers.py prepare
"""
import sys

import numpy as np
import onnxruntime
from PIL import Image

SIDE = 224
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]

picture = Image.open(sys.argv[2]).convert("RGB")
scale = SIDE / min(picture.size)
picture = picture.resize([round(side * scale) for side in picture.size], Image.BICUBIC)
left, top = ((side - SIDE) // 2 for side in picture.size)
picture = picture.crop((left, top, left + SIDE, top + SIDE))
pixels = ((np.asarray(picture, np.float32) / 255 - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)[None]
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
print(session.run(None, {"x": pixels})[0][0, :3])
