"""Whether a reply turns round what a right answer says, in the very words of a right answer.

    reversal("deep_learning.ko.txt", "1", read("sigmoid는 비교만 하니 싸고 ReLU는 지수 연산이라 비쌉니다."))   # 2.3
    reversal("deep_learning.ko.txt", "1", read("sigmoid는 지수 연산이라 비싸고 ReLU는 비교만 하니 쌉니다."))   # −1.5

Patterns (``matching.py``) know the words of a claim and which of them are negated; the ways to say its opposite are more than
their authors foresee. So each question of the reviewed document has a linear classifier that has seen right and
reversed replies to it. It hears words with their polarity, the pairs of words of a clause in their order, and letters.
It can take credit away and never gives any. The weights are in ``reversal.npz`` with where they come from;
``python -m eval.fit_reversal`` fits them anew. It knows nothing of other questions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from interviewer.reading import CONDITIONAL, NEGATED, Clause, Word
from knowledge.language import spellings

__all__ = ["BUCKETS", "DOUBTFUL", "MODEL", "SURE", "Weights", "features", "reversal"]

MODEL = Path(__file__).with_name("reversal.npz")
BUCKETS = 4096
"""Places that features are hashed to: as many for words as for letters."""
DOUBTFUL, SURE = 0.8, 1.75
"""Log-odds from which a reply may be, and from which it is taken to be, reversed; set on the tune split, of whose strong
replies none is doubtful and of whose half right ones one in thirty is. Certainty asks for more, since it costs all."""
GRAMS = (2, 3, 4)
_MARKS = {NEGATED: "!", CONDITIONAL: "?"}


class Weights(NamedTuple):
    """A row for each of ``questions``: ``weight`` (n × 2·BUCKETS) counts in units of ``scale``, and ``bias`` is added."""

    document: str
    questions: tuple[str, ...]
    weight: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]

    def score(self, question_id: str, found: tuple[NDArray[np.int64], NDArray[np.int64]]) -> float:
        """The log-odds that a reply with these features is reversed."""
        row = self.questions.index(question_id)
        parts = [int(self.weight[row, places].sum(dtype=np.int64)) / math.sqrt(max(1, len(places))) for places in found]
        return float(self.scale[row]) * sum(parts) + float(self.bias[row])


def reversal(document: str, question_id: str, clauses: Sequence[Clause]) -> float:
    """The log-odds that these clauses, as a whole, are a right answer turned round; −inf where nothing tells."""
    weights = _weights()
    if document != weights.document or question_id not in weights.questions or not clauses:
        return -math.inf
    return weights.score(question_id, features(clauses))


def features(clauses: Sequence[Clause]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of what is said: of words and their pairs (from 0), and of letters (from ``BUCKETS``); each once.

    Letters are those of a clause's content words, terms in one spelling, so that politeness, spacing, synonyms and the order
    of clauses change nothing.
    """
    marked = [[_marked(word) for word in clause.words] for clause in clauses]
    written = (" ".join(_written(word) + _MARKS.get(word.negated, "") for word in clause.words) for clause in clauses)
    grams = (letters[at : at + n] for letters in written for n in GRAMS for at in range(len(letters) - n + 1))
    keys = (word.key for clause in clauses for word in clause.words)
    return _places(chain(keys, _said(marked)), 0), _places(grams, BUCKETS)


def _written(word: Word) -> str:
    forms = spellings().get(word.key.removeprefix("#")) if word.key.startswith("#") else None
    return forms[0].lower() if forms else word.form


def _marked(word: Word) -> str:
    return word.key + _MARKS.get(word.negated, "") + ("<" if word.yardstick else "")


def _said(clauses: Iterable[Sequence[str]]) -> Iterator[str]:
    """The words of each clause, its pairs of neighbours, and its other pairs in their order."""
    for words in clauses:
        yield from words
        yield from (f"{one}_{other}" for one, other in pairwise(words))
        yield from (f"{one}~{other}" for at, one in enumerate(words) for other in words[at + 2 :])


def _places(found: Iterable[str], offset: int) -> NDArray[np.int64]:
    return np.array(sorted({offset + crc32(one.encode()) % BUCKETS for one in found}), dtype=np.int64)


@cache
def _weights() -> Weights:
    with np.load(MODEL, allow_pickle=False) as stored:
        return Weights(
            str(stored["document"]),
            tuple(str(one) for one in stored["questions"]),
            stored["weight"],
            stored["scale"],
            stored["bias"],
        )
