"""How well a search finds the right question, measured beside BM25 in the same run.

``data/retrieval/queries.jsonl`` holds 193 questions and replies in Korean, English and both, in other words than the
document's, three or four for each of its 64 questions. A hit is any chunk of the right question. Half of the questions
are the tune split, on which the weights of ``knowledge.embeddings`` were chosen; the figures that count are those of
the test split:

    python -m eval.retrieval --split test

The bar is BM25 over Kiwi morphemes, which on published Korean sets beats most dense models. Every system searches the
same texts: each answer line together with its question, as the index embeds it.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from knowledge.document import DEFAULT_DOCUMENT, QuestionBank, load
from knowledge.index import Index, chunks
from knowledge.language import kiwi, nfc

__all__ = [
    "QUERIES",
    "Query",
    "Scores",
    "best_first",
    "blended",
    "bm25",
    "compare",
    "fused",
    "load_queries",
    "measure",
    "morphemes",
    "ndcg",
    "rank_of",
    "rankings",
    "recall",
    "reciprocal_rank",
    "scored",
    "words",
]

QUERIES = Path(__file__).with_name("data") / "retrieval" / "queries.jsonl"
DEPTH = 10
"""Rankings are compared down to this place."""

Split = Literal["tune", "test"]
Search = Callable[[str], Sequence[str]]
"""From a query to the question ids of the chunks found, best first; an id may come several times."""


@dataclass(frozen=True)
class Query:
    """A question or a reply, and the question of the document that it belongs to."""

    id: str
    query: str
    language: Literal["ko", "en", "mixed"]
    question_id: str
    split: Split


@dataclass(frozen=True)
class Scores:
    """Means over ``n`` queries, each between 0 and 1."""

    n: int
    recall_1: float
    recall_5: float
    mrr: float
    ndcg: float


def load_queries(path: Path = QUERIES, split: Split | None = None) -> list[Query]:
    """The labelled queries, of one split or all."""
    rows = [Query(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if split is None or row.split == split]


def rank_of(found: Sequence[str], question_id: str) -> int | None:
    """The place (from 1) of the right question among the first ``DEPTH``, or None."""
    return next((place for place, owner in enumerate(found[:DEPTH], 1) if owner == question_id), None)


def recall(rank: int | None, k: int) -> float:
    """1 if the right question is among the first k, else 0."""
    return float(rank is not None and rank <= k)


def reciprocal_rank(rank: int | None) -> float:
    return 0.0 if rank is None else 1 / rank


def ndcg(rank: int | None) -> float:
    """Discounted cumulative gain (Järvelin and Kekäläinen 2002) with one right question: 1/log2(1 + rank)."""
    return 0.0 if rank is None else 1 / math.log2(1 + rank)


def measure(search: Search, queries: Sequence[Query]) -> dict[str, Scores]:
    """Scores over all queries ("all") and by language."""
    return scored(queries, [rank_of(search(query.query), query.question_id) for query in queries])


def scored(queries: Sequence[Query], ranks: Sequence[int | None]) -> dict[str, Scores]:
    """Scores of the queries' ranks, over all ("all") and by language."""
    by_group: defaultdict[str, list[int | None]] = defaultdict(list)
    for query, rank in zip(queries, ranks, strict=True):
        for group in ("all", query.language):
            by_group[group].append(rank)
    return {
        group: Scores(
            n=len(found),
            recall_1=fmean(recall(rank, 1) for rank in found),
            recall_5=fmean(recall(rank, 5) for rank in found),
            mrr=fmean(map(reciprocal_rank, found)),
            ndcg=fmean(map(ndcg, found)),
        )
        for group, found in by_group.items()
    }


def words(text: str) -> list[str]:
    """Words between blanks, in lower case."""
    return text.lower().split()


def morphemes(text: str) -> list[str]:
    """All of Kiwi's morphemes in lower case: with or without particles, this is the stronger."""
    return [token.form.lower() for token in kiwi().tokenize(nfc(text))]


def bm25(texts: Sequence[str], tokenize: Callable[[str], list[str]]) -> Callable[[str], list[float]]:
    """From a query to the Okapi BM25 score of each text."""
    from rank_bm25 import BM25Okapi

    model = BM25Okapi([tokenize(text) for text in texts])
    return lambda query: [float(score) for score in model.get_scores(tokenize(query))]


def best_first(scores: Sequence[float]) -> list[int]:
    """The places of the scores, the highest first, equal ones in their order."""
    return sorted(range(len(scores)), key=lambda place: (-scores[place], place))


def fused(rankings: Sequence[Sequence[int]], k: int = 60) -> list[int]:
    """Several rankings of the same texts in one, by reciprocal rank fusion (Cormack et al. 2009)."""
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, place in enumerate(ranking, 1):
            scores[place] += 1 / (k + rank)
    return sorted(scores, key=lambda place: (-scores[place], place))


def blended(cosines: Sequence[float], scores: Sequence[float], share: float = 0.1) -> list[float]:
    """Cosines with a share of BM25's scores, these as parts of the highest."""
    highest = max(scores) or 1.0
    return [(1 - share) * cosine + share * score / highest for cosine, score in zip(cosines, scores, strict=True)]


def compare(bank: QuestionBank, queries: Sequence[Query], home: Path) -> dict[str, dict[str, Scores]]:
    """The scores of each system of ``rankings``."""
    return {name: scored(queries, ranks) for name, ranks in rankings(bank, queries, home).items()}


def rankings(bank: QuestionBank, queries: Sequence[Query], home: Path) -> dict[str, list[int | None]]:
    """At which place each system has the right question: the index as it is searched (``offline``), BM25 over words and
    morphemes, and both together in two ways."""
    index = Index.open(home, document=bank.name)
    index.refresh(bank)
    parts = chunks(bank)
    texts = [chunk.context for chunk in parts]
    by_words, by_morphemes = bm25(texts, words), bm25(texts, morphemes)
    place_of = {(chunk.question_id, chunk.kind, chunk.text): place for place, chunk in enumerate(parts)}

    def by_index(query: str) -> list[float]:
        cosines = [0.0] * len(parts)
        for passage in index.search(query, len(parts)):
            cosines[place_of[passage[:3]]] = 1 - passage.distance
        return cosines

    def ranked(search: Callable[[str], Sequence[int]]) -> Search:
        return lambda query: [parts[place].question_id for place in search(query)]

    systems: Mapping[str, Search] = {
        "bm25-words": ranked(lambda query: best_first(by_words(query))),
        "bm25-kiwi": ranked(lambda query: best_first(by_morphemes(query))),
        "offline": lambda query: [passage.question_id for passage in index.search(query, DEPTH)],
        "fused": ranked(lambda query: fused([best_first(by_index(query)), best_first(by_morphemes(query))])),
        "blended": ranked(lambda query: best_first(blended(by_index(query), by_morphemes(query)))),
    }
    ranks = {
        name: [rank_of(search(query.query), query.question_id) for query in queries] for name, search in systems.items()
    }
    index.close()
    return ranks


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the offline index beside BM25.")
    parser.add_argument("--split", choices=["tune", "test"], default="test")
    split: Split = parser.parse_args().split
    with tempfile.TemporaryDirectory() as home:
        systems = compare(load(DEFAULT_DOCUMENT), load_queries(split=split), Path(home))
    print(f"{'':12} {'queries':8} {'n':>3} {'recall@1':>9} {'recall@5':>9} {'MRR':>6} {'nDCG':>6}")
    for name, groups in systems.items():
        for group, s in groups.items():
            print(f"{name:12} {group:8} {s.n:3} {s.recall_1:9.3f} {s.recall_5:9.3f} {s.mrr:6.3f} {s.ndcg:6.3f}")


if __name__ == "__main__":
    main()
