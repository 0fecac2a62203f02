"""Loads what save_tokenizers.ts saved into Hugging Face's libraries and compares ids and text:

    mkdir FOLDER && bun tools/golden/save_tokenizers.ts FOLDER TEXT...
    python tools/golden/check_saved_tokenizers.py FOLDER
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

folder = Path(sys.argv[1])
texts = json.loads((folder / "texts.json").read_text())
for saved in sorted(path for path in folder.iterdir() if path.is_dir()):
    ids = json.loads((saved / "ids.json").read_text())
    tokenizer = Tokenizer.from_file(str(saved / "tokenizer.json"))
    automatic = AutoTokenizer.from_pretrained(saved)
    for text, expected in zip(texts, ids, strict=True):
        assert tokenizer.encode(text).ids == expected, f"{saved.name}: {text[:60]!r}"
        assert automatic(text)["input_ids"] == expected, f"{saved.name}: {text[:60]!r}"
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        decoded = tokenizer.decode(plain, skip_special_tokens=False)
        assert decoded == text, f"{saved.name}: {text[:60]!r} is decoded as {decoded[:60]!r}"
    print(f"{saved.name}: {len(texts)} texts, {sum(map(len, ids))} ids are equal")
