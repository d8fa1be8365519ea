#!/usr/bin/env python3
"""Trains a small byte-level BPE and writes what transformers' RobertaTokenizer makes of the texts of clip/vectors.jsonl.gz.

    gen_roberta.py [OUT]      # with transformers 5.23, tokenizers 0.23; OUT is roberta/
"""
import gzip
import json
import sys
import tempfile
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer
from transformers import RobertaTokenizer

HERE = Path(__file__).resolve().parent
CONTEXT = 77


def pack(path, text):
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "roberta"
    out.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in gzip.open(HERE / "clip" / "vectors.jsonl.gz", "rt", encoding="utf-8")]
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator([r["text"] for r in rows] * 3, vocab_size=1500, min_frequency=2,
                                special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    with tempfile.TemporaryDirectory() as tmp:
        trained.save_model(tmp)
        for name in ("vocab.json", "merges.txt"):
            pack(out / name, (Path(tmp) / name).read_text(encoding="utf-8"))
        tokenizer = RobertaTokenizer.from_pretrained(tmp)
    (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer"}) + "\n")
    (out / "special_tokens_map.json").write_text(json.dumps({
        "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "mask_token": "<mask>"}) + "\n")
    lines = [json.dumps({"group": r["group"], "text": r["text"], "hf5": tokenizer(r["text"], max_length=CONTEXT, truncation=True).input_ids})
             for r in rows]
    pack(out / "vectors.jsonl", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
