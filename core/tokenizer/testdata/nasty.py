#!/usr/bin/env python3
"""Writes nasty.jsonl: texts that break tokenizers, with what the original implementations make of them.

    nasty.py SEED COUNT CLIP_FOLDER > nasty.jsonl

CLIP_FOLDER has vocab.json, merges.txt and tokenizer_config.json. Needs ftfy 6.3, regex, transformers 5 and clip-anytorch
(for OpenAI's simple_tokenizer.py, which needs no torch). open_clip's tokenizer is OpenAI's with other special strings.
Texts with characters newer than Unicode 14 are left out: the tables of the implementations differ there.
"""
import html.entities, importlib.util, json, os, random, sys, unicodedata

import ftfy
from ftfy.chardata import CHARMAP_ENCODINGS
from transformers import CLIPTokenizer

WORDS = """a the of photo café naïve “x” — über 日本 Мир 😀 € ° ’ à às àquele água Größe Ελλάδα γάτας привет żółć İstanbul
ΟΔΟΣ ΣΑΣ. 你好 مرحبا ✔ … ½ × ™ 한국 ｱｲ ﾊﾟ ﬁ""".split()
SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>", "<|ENDOFTEXT|>", "<END_OF_TEXT>",
            "<|\u017ftartoftext|>", "&lt;|endoftext|&gt;", "&#60;end_of_text>", "<|endoftext", "|>", "!!<|endoftext|>!!"]
SIGMAS = ["Σ", "ΑΣ", "ΑΣ'", "Α.Σ", "aΣ\u0301", "Σ\xad", "AΣ:b", "İ", "I\u0307", "ʰΣ", "\u0345Σ", "ΑΣΣ", "1Σ"]
READ = sorted({bytes([b]).decode(e) for e in CHARMAP_ENCODINGS for b in range(256)})
HIGH = [c for c in READ if c >= "\x80"]
ASSIGNED = [chr(c) for c in range(0x20000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]


def mangled(r, s):
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        try:
            s = s.encode().decode(r.choice(CHARMAP_ENCODINGS))
        except UnicodeDecodeError:
            break
    lossy = lambda by: "".join(by if c >= "\x80" and r.random() < .2 else c for c in s)
    return r.choice([s, s, s, s.replace("\xa0", " "), lossy("\ufffd"), lossy("?"), s[:r.randint(0, len(s))], s[r.randint(0, len(s)):]])


def cesu8(r):
    c = r.randint(0, 0xFFFF)
    b = (chr(0xD800 + (c >> 10)) + chr(0xDC00 + (c & 0x3FF))).encode("utf-8", "surrogatepass")
    s = r.choice([b, b, b[:r.randint(1, 6)], b"\xc0\x80", b"\xc0"]).decode(r.choice(CHARMAP_ENCODINGS[:2]))
    return s + r.choice(["", "", "\n"])


def atom(r):
    some = lambda pool, n: "".join(r.choice(pool) for _ in range(r.randint(1, n)))
    span = lambda lo, hi, n: "".join(chr(r.randint(lo, hi)) for _ in range(r.randint(1, n)))
    entity = r.choice(list(html.entities.html5)).rstrip(";")
    number = r.choice([r.randint(0, 300), r.randint(0, 0x10FFFF), 10 ** r.randint(6, 30)])
    return r.choice([
        lambda: r.choice(WORDS), lambda: r.choice(WORDS), lambda: mangled(r, r.choice(WORDS)), lambda: mangled(r, r.choice(WORDS)),
        lambda: mangled(r, " ".join(r.choice(WORDS) for _ in range(3))), lambda: cesu8(r), lambda: some(READ, 5), lambda: some(HIGH, 4),
        lambda: "&" + r.choice(["", "amp;", "amp;amp;", "&"]) + r.choice([entity, entity.upper(), entity + "x"]) + r.choice([";", "", " "]),
        lambda: r.choice(["&#%d;", "&#%d", "&#x%x;", "&#X%X", "&#x%xg;"]) % number,
        lambda: r.choice(SPECIALS), lambda: r.choice(SIGMAS), lambda: some(ASSIGNED, 4), lambda: span(0x1100, 0x11FF, 4),
        lambda: r.choice("aeoZ가") + "".join(r.choice("\u0301\u0323\u0345\u0338\u3099\u0f71\u0344") for _ in range(r.choice([1, 2, 33]))),
        lambda: "\x1b[" + some("0123;٣１", 3) + r.choice(["m", "K", "", "é"]), lambda: span(0, 0x20, 3), lambda: span(0x7F, 0xA0, 3),
        lambda: span(0xFF00, 0xFFFF, 3), lambda: span(0x2000, 0x206F, 2), lambda: r.choice(["'s", "’S", "'\u017f", "'LL", "''d", "'v"]),
        lambda: some("!?.,;:-_*#@&%$()[]{}<>/\\|~^`'\"+=", 5), lambda: r.choice(["\r\n", "\r", "\u2028", "\x85", "\u3000", "\x0b", "\x1c"]),
    ])()


def main():
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    path = next(p for p in (f"{d}/clip/simple_tokenizer.py" for d in sys.path) if os.path.exists(p))
    spec = importlib.util.spec_from_file_location("simple_tokenizer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    openai, open_clip, hf = module.SimpleTokenizer(), module.SimpleTokenizer(), CLIPTokenizer.from_pretrained(folder)
    specials = r"<\|startoftext\|>|<\|endoftext\|>", "<start_of_text>|<end_of_text>"
    open_clip.pat = module.re.compile(open_clip.pat.pattern.replace(*specials), module.re.IGNORECASE)
    open_clip.cache = {s: s for s in ("<start_of_text>", "<end_of_text>")}
    open_clip.encoder = {**open_clip.encoder, "<start_of_text>": 49406, "<end_of_text>": 49407}

    def cut(ids):
        ids = [49406, *ids, 49407]
        return ids if len(ids) <= 77 else [*ids[:76], 49407]

    r = random.Random(seed)
    while count:
        text = "".join(atom(r) + r.choice([" ", "", "", "\n"]) for _ in range(r.randint(1, 5)))
        lower = module.whitespace_clean(module.basic_clean(text)).lower()
        if any(unicodedata.category(c) in ("Cn", "Cs") for c in text + lower):
            continue
        count -= 1
        print(json.dumps({"text": text, "ftfy": ftfy.fix_text(text), "lower": lower, "nfc": unicodedata.normalize("NFC", text),
                          "openai": cut(openai.encode(text)), "open_clip": cut(open_clip.encode(text)),
                          "hf": hf(text, max_length=77, truncation=True).input_ids}, separators=(",", ":")))


main()
