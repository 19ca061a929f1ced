"""How much of a reference answer a reply says, where there is no rubric: a number from 0 to 1.

    likeness("What is overfitting?", "The model fits noise in the training data.", "It learns the noise.")     # 0.5…

Features of the three texts are weighed by a small forest of extremely randomised trees (Geurts et al. 2006): which of the
reference's content words the reply covers, and the other way round, with and without the question's own words; character
n-grams; word pairs; negation; numbers; lengths; and how the two agree in meaning (``meaning.py``), along the directions in
which answers differ most. The forest is in ``likeness.npz`` with where it comes from; ``python -m eval.fit_likeness`` grows
it anew. Likeness to a reference is no understanding: a reviewed rubric judges far better, and the interview says which of
the two it used.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer.meaning import vector
from interviewer.reading import NEGATED, Word, read

__all__ = ["MODEL", "Forest", "agreement", "features", "likeness"]

MODEL = Path(__file__).with_name("likeness.npz")
GRAMS = (3, 4, 5)
ALIKE = 0.4
"""Jaccard similarity of letter trigrams from which two words count as alike."""

Floats = NDArray[np.float64]


class Forest(NamedTuple):
    """Trees as arrays over all their nodes: a node's feature (-1 for a leaf), threshold, children and value.

    ``roots`` are the trees' first nodes; ``mean`` and ``directions`` (k × 512) turn the agreement of two meanings into k
    features, which stand behind those of ``features``.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]
    mean: NDArray[np.float32]
    directions: NDArray[np.float32]

    def rows(self, plain: Floats, agreements: Floats) -> Floats:
        """The trees' input (n × features) of ``features`` (n × f) and ``agreement`` (n × 512)."""
        along: Floats = (agreements - self.mean) @ self.directions.T
        return np.hstack([plain, along])

    def predict(self, rows: Floats) -> Floats:
        """The mean of the trees' values for each row (n), 0–1."""
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        row = np.arange(len(rows))[:, None]
        while True:
            asked = self.feature[at]
            if (asked < 0).all():
                break
            goes_left = rows[row, asked].astype(np.float32) <= self.threshold[at]
            at = np.where(asked < 0, at, np.where(goes_left, self.left[at], self.right[at]))
        means: Floats = self.value[at].mean(axis=1, dtype=np.float64)
        return np.clip(means, 0.0, 1.0)


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPACE = re.compile(r"\s+")
_REASON = re.compile(r"because|때문|므로|그래서|since|therefore", re.IGNORECASE)
_WHY = re.compile(r"\bwhy\b|explain|왜|이유|설명", re.IGNORECASE)


def likeness(question: str, reference: str, reply: str, alternatives: int = 1) -> float:
    """How much of the reference the reply says, 0–1; ``alternatives`` is how many references there are to be like."""
    forest = _forest()
    plain = np.array([features(question, reference, reply, alternatives)])
    return float(forest.predict(forest.rows(plain, agreement(reference, reply)[None].astype(np.float64)))[0])


def agreement(reference: str, reply: str) -> NDArray[np.float32]:
    """In which directions of meaning reference and reply agree: the product of their vectors (512)."""
    return vector(reference) * vector(reply)


def features(question: str, reference: str, reply: str, alternatives: int = 1) -> list[float]:
    """The features in the order of the forest, without those of ``agreement``."""
    said, wanted, asked = _words(reply), _words(reference), _words(question)
    said_keys, wanted_keys, asked_keys = ({word.key for word in words} for words in (said, wanted, asked))
    said_new, wanted_new = said_keys - asked_keys, wanted_keys - asked_keys
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
        _covered(said_keys, asked_keys),
        len(said_new) / max(1, len(said)),
        math.log1p(len(said_new)),
        float(any(negated.values()) != any(wanted_negated.values())),
        math.log1p(len(wanted)),
        math.log1p(len(asked)),
        len(wanted_new) / max(1, len(wanted_keys)),
        float(sum(word.negated == NEGATED for word in said)),
        float(sum(word.negated == NEGATED for word in wanted)),
        float(bool(_REASON.search(reply))),
        float(bool(_WHY.search(question))),
        float(bool(numbers)),
        float(alternatives),
        *_meanings(question, reference, reply),
    ]


def _meanings(question: str, reference: str, reply: str) -> list[float]:
    """How near the three are to each other in meaning, and reply and reference without what both share with the question."""
    asked, wanted, said = vector(question), vector(reference), vector(reply)
    near, to_asked, wanted_to_asked = float(said @ wanted), float(said @ asked), float(wanted @ asked)
    beyond = _unit(said - to_asked * asked) @ _unit(wanted - wanted_to_asked * asked)
    return [near, to_asked, wanted_to_asked, float(beyond), near - to_asked]


def _unit(one: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(one))
    return one / length if length > 1e-6 else one


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
def _forest() -> Forest:
    with np.load(MODEL, allow_pickle=False) as stored:
        return Forest(*(stored[name] for name in Forest._fields))
