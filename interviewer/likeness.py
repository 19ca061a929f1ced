"""How much of a reference answer a reply says, where there is no rubric: a number from 0 to 1.

    likeness("What is overfitting?", "The model fits noise in the training data.", "It learns the noise.")     # 0.5…

Features of the three texts (which of the reference's content words the reply covers, and the other way round, with and
without the question's own words; character n-grams; word pairs; negation; numbers; length) are weighed by a ridge
regression. Its weights are in ``likeness.json`` with where they come from; ``python -m eval.fit_likeness`` fits them anew.
Likeness to a reference is no understanding: a reviewed rubric judges far better, and the interview says which of the two
it used.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from interviewer.reading import NEGATED, Word, read

__all__ = ["FEATURES", "WEIGHTS", "features", "likeness"]

WEIGHTS = Path(__file__).with_name("likeness.json")
GRAMS = (3, 4, 5)
ALIKE = 0.4
"""Jaccard similarity of letter trigrams from which two words count as alike."""

FEATURES = (
    "recall",
    "recall_new",
    "precision",
    "precision_new",
    "recall_precision",
    "recall_precision_new",
    "character_cosine",
    "pair_recall",
    "negation_mismatch",
    "numbers",
    "log_words",
    "length_ratio",
    "question_share",
    "new_share",
    "log_new",
    "one_side_negates",
)

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPACE = re.compile(r"\s+")


def likeness(question: str, reference: str, reply: str) -> float:
    """How much of the reference the reply says, 0–1."""
    weights = _weights()
    found = features(question, reference, reply)
    total = weights["intercept"] + sum(weights[name] * value for name, value in zip(FEATURES, found, strict=True))
    return min(1.0, max(0.0, total))


def features(question: str, reference: str, reply: str) -> list[float]:
    """The features, in the order of ``FEATURES``."""
    said, wanted = _words(reply), _words(reference)
    asked = {word.key for word in _words(question)}
    said_keys, wanted_keys = {word.key for word in said}, {word.key for word in wanted}
    said_new, wanted_new = said_keys - asked, wanted_keys - asked
    recall = _covered(wanted_keys, said_keys)
    recall_new = _covered(wanted_new, said_keys) if wanted_new else recall
    precision, precision_new = _covered(said_keys, wanted_keys), _covered(said_new, wanted_keys)
    pairs, wanted_pairs = _pairs(said), _pairs(wanted)
    negated = {word.key: word.negated == NEGATED for word in said}
    wanted_negated = {word.key: word.negated == NEGATED for word in wanted}
    common = said_keys & wanted_keys
    numbers = set(_NUMBER.findall(reference))
    return [
        recall,
        recall_new,
        precision,
        precision_new,
        recall * precision,
        recall_new * precision_new,
        _cosine(reply, reference),
        len(pairs & wanted_pairs) / max(1, len(wanted_pairs)),
        sum(negated[key] != wanted_negated[key] for key in common) / max(1, len(common)),
        len(numbers & set(_NUMBER.findall(reply))) / len(numbers) if numbers else 0.5,
        math.log1p(len(said)),
        min(1.0, len(said) / max(1, len(wanted))),
        _covered(said_keys, asked),
        len(said_new) / max(1, len(said)),
        math.log1p(len(said_new)),
        float(any(negated.values()) != any(wanted_negated.values())),
    ]


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[Word, ...]:
    return tuple(word for clause in read(text) for word in clause.words)


def _covered(keys: Iterable[str], by: Iterable[str]) -> float:
    """The share of words, weighed by their length, that have a like among the others."""
    others = list(by)
    weights = {key: math.sqrt(min(len(key.lstrip("#")), 9)) for key in keys}
    total = sum(weights.values())
    return (
        sum(w * max((_alike(key, o) for o in others), default=0.0) for key, w in weights.items()) / total
        if total
        else 0.0
    )


@lru_cache(maxsize=100_000)
def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if len(one) < 4 or len(other) < 4:
        return 0.0
    a, b = _trigrams(one), _trigrams(other)
    share = len(a & b) / len(a | b)
    return share if share > ALIKE else 0.0


def _trigrams(word: str) -> set[str]:
    marked = f"^{word.lstrip('#')}$"
    return {marked[i : i + 3] for i in range(len(marked) - 2)}


def _pairs(words: Sequence[Word]) -> set[tuple[str, str]]:
    return {(one.key, other.key) for one, other in pairwise(words)}


def _cosine(one: str, other: str) -> float:
    (a, norm_a), (b, norm_b) = _grams(one), _grams(other)
    if len(a) > len(b):
        a, b = b, a
    return (
        sum(count * b[gram] for gram, count in a.items() if gram in b) / (norm_a * norm_b) if norm_a * norm_b else 0.0
    )


@lru_cache(maxsize=512)
def _grams(text: str) -> tuple[Counter[str], float]:
    flat = f" {_SPACE.sub(' ', text.lower())} "
    found = Counter(flat[i : i + n] for n in GRAMS for i in range(len(flat) - n + 1))
    return found, math.sqrt(sum(count * count for count in found.values()))


@cache
def _weights() -> dict[str, float]:
    data: dict[str, dict[str, float]] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return data["weights"]
