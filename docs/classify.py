"""Draws classify.svg from what goclip says about the example pictures:

    go run ./native/goclip classify --json --labels "dog,pizza,guitar,car" core/embedded/examples | python3 docs/classify.py
"""
import base64
import json
import sys
from pathlib import Path

root = Path(__file__).resolve().parent
rows = [json.loads(line) for line in sys.stdin]
width, top, each = 760, 58, 104
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + each * len(rows) + 12}" '
       'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
       '<rect width="100%" height="100%" rx="10" fill="#16181d"/>',
       '<text x="20" y="34" fill="#8b93a1">$ <tspan fill="#e6e8ec">goclip classify --labels "dog,pizza,guitar,car" '
       'core/embedded/examples</tspan></text>']
for i, row in enumerate(rows):
    y = top + each * i
    name = Path(row["image"]).name
    data = base64.b64encode((root.parent / row["image"]).read_bytes()).decode()
    out.append(f'<image x="20" y="{y}" width="88" height="88" preserveAspectRatio="xMidYMid slice" href="data:image/png;base64,{data}"/>')
    for j, label in enumerate(row["labels"]):
        line, p = y + 16 + 22 * j, label["probability"]
        colour = "#e6e8ec" if j == 0 else "#8b93a1"
        out.append(f'<text x="130" y="{line}" fill="{colour}">{label["label"]}</text>')
        out.append(f'<rect x="205" y="{line - 10}" width="{max(1, 440 * p):.1f}" height="11" rx="2" fill="#4caf73"/>')
        out.append(f'<text x="735" y="{line}" fill="{colour}" text-anchor="end">{100 * p:.1f} %</text>')
    out.append(f'<title>{name}</title>')
out.append("</svg>")
(root / "classify.svg").write_text("\n".join(out) + "\n", encoding="utf-8")
