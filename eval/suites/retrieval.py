"""Does the search find the right question better than BM25 over Kiwi morphemes, in the same run?

Metrics: ``SYSTEM.LANGUAGE.FIGURE`` (``ours.all.recall_1``), and how much ours is above BM25 over morphemes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from eval.retrieval import QUERIES, Query, load_queries, ndcg, rankings, recall, reciprocal_rank, scored
from eval.statistics import Estimate, share
from eval.suites import Options, Outcome
from knowledge.document import DEFAULT_DOCUMENT, load
from knowledge.errors import UserMistake

__all__ = ["run"]

SYSTEMS = {"offline": "ours", "bm25-kiwi": "bm25_kiwi", "bm25-words": "bm25_words"}


def run(options: Options) -> Outcome:
    """Search for every query of the test split.

    Raises:
        UserMistake: the queries can't be read.
    """
    try:
        queries = load_queries(split="test")[: options.limit]
    except (OSError, ValueError, TypeError) as error:
        raise UserMistake(f"{QUERIES}: can't be read ({type(error).__name__})") from None
    with tempfile.TemporaryDirectory() as home:
        ranks = rankings(load(DEFAULT_DOCUMENT), queries, Path(home))
    options.progress(len(queries), len(queries))
    outcome = Outcome(cases=[_case(query, rank) for query, rank in zip(queries, ranks["offline"], strict=True)])
    outcome.count(outcome.cases)
    found = {system: scored(queries, ranks[system]) for system in SYSTEMS}
    for system, name in SYSTEMS.items():
        for group, scores in found[system].items():
            prefix = f"{name}.{group}"
            outcome.add(f"{prefix}.recall_1", share(round(scores.recall_1 * scores.n), scores.n))
            outcome.add(f"{prefix}.recall_5", share(round(scores.recall_5 * scores.n), scores.n))
            outcome.add(f"{prefix}.mrr", Estimate(scores.mrr, n=scores.n))
            outcome.add(f"{prefix}.ndcg", Estimate(scores.ndcg, n=scores.n))
    ours, bar = found["offline"]["all"], found["bm25-kiwi"]["all"]
    outcome.add("recall_1_over_bm25_kiwi", Estimate(ours.recall_1 - bar.recall_1, n=ours.n))
    outcome.add("recall_5_over_bm25_kiwi", Estimate(ours.recall_5 - bar.recall_5, n=ours.n))
    return outcome


def _case(query: Query, rank: int | None) -> dict[str, Any]:
    """One query with its figures; it has failed where the right question is not among the first five."""
    record: dict[str, Any] = {
        "id": query.id,
        "question_id": query.question_id,
        "language": query.language,
        "query": query.query,
        "status": "graded",
        "rank": rank,
        "values": {
            "recall_1": recall(rank, 1),
            "recall_5": recall(rank, 5),
            "reciprocal_rank": reciprocal_rank(rank),
            "ndcg": ndcg(rank),
        },
    }
    if not recall(rank, 5):
        record |= {"failed": True, "why": "the right question is not among the first five"}
    return record
