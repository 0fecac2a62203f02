"""BPE tokenizers that Hugging Face's trainer trains on a small text of ours: merges and pieces."""

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

FILE = Path(__file__).resolve().parents[2] / "tests" / "golden" / "data" / "train_bpe.json"

WORDS = """the a lamp river window small green quickly under over table chair bread morning
evening don't we'll it's I'm naïve café über straße 東京 日本語 привет мир 12 1984 3.14 2,048
walked walking walker talks talked singing sings sang lighthouse light lighter house houses
--- ---- ====== ... ?! 😀 😀😀 👩‍🚀 x=y*z foo_bar() <b>""".split()
SEPARATORS = [" ", " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", ", ", ". ", "\u00a0", "      "]

PATTERNS = {
    "gpt2": None,
    "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "digits": r"\p{N}|[^\p{N}\s]+|\s",
}
CASES = [
    # name, pattern, vocabulary, least frequency
    ("small", "gpt2", 300, 2),
    ("all", "gpt2", 5000, 0),
    ("frequent", "gpt2", 5000, 20),
    ("llama3", "llama3", 400, 2),
    ("digits", "digits", 450, 1),
]


def some_text(seed, words):
    numbers = random.Random(seed)
    return "".join(
        part for _ in range(words) for part in (numbers.choice(WORDS), numbers.choice(SEPARATORS))
    )


def train(texts, pattern, vocab_size, min_frequency):
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    split = [] if pattern is None else [pre_tokenizers.Split(Regex(pattern), "isolated")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, byte_level])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def make():
    texts = [some_text(seed, 300) for seed in range(3)]
    probe = some_text(99, 60) + "quite unseen: Żółw ½ ١٢٣\u2003\u0000 <|endoftext|> end"
    cases = []
    for name, pattern, vocab_size, min_frequency in CASES:
        tokenizer = train(texts, PATTERNS[pattern], vocab_size, min_frequency)
        model = json.loads(tokenizer.to_str())["model"]
        cases.append({
            "name": name,
            "splitPattern": PATTERNS[pattern],
            "vocabSize": vocab_size,
            "minFrequency": min_frequency,
            "merges": [" ".join(merge) for merge in model["merges"]],
            "pieces": " ".join(tokenizer.encode(probe).tokens),
        })
    golden = {"texts": texts, "probe": probe, "cases": cases}
    FILE.write_text(json.dumps(golden, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    make()
