#!/usr/bin/env python3
"""Writes rules.jsonl: short texts, whether ftfy 6.3's heuristic calls them bad, and what fix_text makes of them.

    rules.py SEED > rules.jsonl

Of each alternative of the heuristic's expression there are texts that no other alternative matches, where such exist, and
texts that miss it by one character; then byte strings that are almost UTF-8, read in every encoding.
"""
import json, random, re, sys

import ftfy
from ftfy.badness import BADNESS_RE, is_bad
from ftfy.chardata import CHARMAP_ENCODINGS

READ = sorted({bytes([b]).decode(e) for e in CHARMAP_ENCODINGS for b in range(256)})
LEADS = [0xC0, 0xC2, 0xC3, 0xC5, 0xCE, 0xD0, 0xD9, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xED, 0xEF, 0xF0, 0xF3, 0xF4]
AFTER = [b"", b"", b"a", b" ", b"quele", b"s ", b"\n", b"?", b"\xc0\x80", b"\xed\xa0\x81\xed\xb0\x80"]


def alternatives():
    """The expression's alternatives, each as a list of elements."""
    elements = re.findall(r"\[\^?[^\]]*\]|\\s\?|\\.|#[^\n]*|\S", BADNESS_RE.pattern)
    out = [[]]
    for e in elements:
        if e == "|":
            out.append([])
        elif not (e.startswith("#") and len(e) > 1):
            out[-1].append(e)
    return out


def sample(r, elements):
    text = ""
    for e in elements:
        if e == r"\s?":
            text += r.choice(["", " "])
        elif e != "^":
            text += r.choice([c for c in READ if re.match(e, c)])
    return text


def sequence(r):
    """What is nearly UTF-8: a lead and its trail bytes, some of them lost."""
    lead = r.choice(LEADS)
    trails = 1 if lead < 0xE0 else 2 if lead < 0xF0 else 3
    odd = lambda: r.choice([0x20, 0x1A, 0x3F, 0x85, 0xA0])
    return bytes([lead, *(odd() if r.random() < .3 else r.randint(0x80, 0xBF) for _ in range(trails))]) + r.choice(AFTER)


def main():
    r = random.Random(int(sys.argv[1]))
    texts = {}
    every = [(re.compile("".join(a)), a) for a in alternatives()]
    for expression, elements in every:
        tries = [sample(r, elements) for _ in range(400)]
        alone = [t for t in tries if all(e is expression or not e.search(t) for e, _ in every)]
        misses = [t[:i] + r.choice(READ) + t[i + 1:] for t in tries[:60] for i in range(len(t))]
        for t in (alone or tries)[:7] + [m for m in misses if not is_bad(m)][:4]:
            texts[t] = None
    for encoding in CHARMAP_ENCODINGS:
        for _ in range(30):
            texts[b"".join(sequence(r) for _ in range(r.randint(1, 3))).decode(encoding)] = None
    for t in ["a – b É\xa0", "caf√© – x", "‚Äî – ‚Äî", "√â – √â"]:
        texts[t] = None
    for t in texts:
        print(json.dumps({"text": t, "bad": is_bad(t), "fixed": ftfy.fix_text(t)}))


main()
