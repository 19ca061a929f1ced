"""Fit the classifiers of ``interviewer.reversal`` and say how they do on replies that they were not fitted on.

    python -m eval.fit_reversal                   # prints the figures; --write stores the weights

The replies are in ``eval/data/reversal`` (its README tells who wrote them); none of them is used to measure grading.
Right ones also count sentence by sentence, and so do the model answer and the statements of the rubric's points, so that a short right reply
is not taken for a reversed one because reversed ones tend to be short.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from eval.data_files import load_rows
from eval.suites.grading import REPLIES, load_replies
from interviewer.reading import Clause, read
from interviewer.reversal import BUCKETS, DOUBTFUL, MODEL, SURE, Weights, features
from knowledge.answer_key import AnswerKey
from knowledge.library import Library

__all__ = ["Reply", "fit", "main"]

DATA = Path(__file__).parent / "data" / "reversal" / "replies.jsonl"
FOLDS = 5
SEED = 0
STRENGTH = 30.0
"""Inverse of the regularization (scikit-learn's C)."""
LEAST = 15
"""Letters from which a sentence of a right reply counts by itself."""


class Reply(BaseModel):
    """A reply to a question of the reviewed document: a right one (it need not be complete), or one turned round."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question_id: str
    right: bool
    reply: str


class _Example(NamedTuple):
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    reversed: bool


def fit(key: AnswerKey, replies: Sequence[Reply]) -> tuple[NDArray[np.float64], float]:
    """The weights (2·BUCKETS) and the bias of one question's classifier; both sides weigh the same."""
    examples = list(_examples(key, replies))
    y = np.array([example.reversed for example in examples])
    sides = np.where(y, (~y).sum() / y.sum(), 1.0)
    model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=SEED)
    model.fit(_rows([example.places for example in examples]), y, sample_weight=sides)
    return model.coef_[0], float(model.intercept_[0])


def _examples(key: AnswerKey, replies: Sequence[Reply]) -> Iterator[_Example]:
    for reply in replies:
        yield _Example(features(read(reply.reply)), not reply.right)
        if reply.right:
            yield from _sentences(reply.reply)
    for answer in (key.model_answer.ko, key.model_answer.en) if key.model_answer else ():
        yield _Example(features(read(answer)), False)
        yield from _sentences(answer)
    for point in key.points:
        yield from (_Example(features(read(text)), False) for text in (point.statement.ko, point.statement.en))


def _sentences(right: str) -> Iterator[_Example]:
    """The sentences of a right answer that has several."""
    sentences: dict[int, list[Clause]] = defaultdict(list)
    for clause in read(right):
        sentences[clause.sentence].append(clause)
    for said in sentences.values() if len(sentences) > 1 else ():
        if said[-1].end - said[0].start > LEAST:
            yield _Example(features(said), False)


def _rows(found: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> csr_matrix:
    """The examples as a matrix (n × 2·BUCKETS); words and letters each have length 1."""
    parts = [(row, places) for row, both in enumerate(found) for places in both]
    rows = np.concatenate([np.full(len(places), row) for row, places in parts])
    values = np.concatenate([np.full(len(places), 1 / np.sqrt(max(1, len(places)))) for _, places in parts])
    columns = np.concatenate([places for _, places in parts])
    return csr_matrix((values, (rows, columns)), shape=(len(found), 2 * BUCKETS))


def _packed(document: str, fitted: Mapping[str, tuple[NDArray[np.float64], float]]) -> Weights:
    weight = np.array([coefficients for coefficients, _ in fitted.values()])
    scale = np.abs(weight).max(axis=1, keepdims=True) / 127
    bias = np.array([bias for _, bias in fitted.values()], dtype=np.float32)
    rounded = np.round(weight / scale).astype(np.int8)
    return Weights(document, tuple(fitted), rounded, scale[:, 0].astype(np.float32), bias)


def _held_out(keys: Mapping[str, AnswerKey], replies: Mapping[str, list[Reply]]) -> tuple[float, float, float]:
    """The area under the ROC curve, and the shares of reversed and of right replies that are doubted, by folds of each
    question's replies."""
    scores: list[float] = []
    truth: list[bool] = []
    for question_id, mine in replies.items():
        right = [reply.right for reply in mine]
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(right, right):
            weights = _packed("", {question_id: fit(keys[question_id], [mine[i] for i in train])})
            scores += [weights.score(question_id, features(read(mine[i].reply))) for i in test]
            truth += [not right[i] for i in test]
    said, y = np.array(scores) > DOUBTFUL, np.array(truth)
    return float(roc_auc_score(y, scores)), float(said[y].mean()), float(said[~y].mean())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="store weights fitted on all replies")
    arguments = parser.parse_args()
    rows, bad = load_rows(DATA, Reply)
    if bad:
        raise SystemExit(bad[0]["error"])
    replies: dict[str, list[Reply]] = defaultdict(list)
    for row in rows:
        replies[row.question_id].append(row)
    book = Library().open()
    keys = {question_id: book.key(question_id) for question_id in replies}
    area, caught, wronged = _held_out(keys, replies)
    print(
        f"{len(rows)} replies, {FOLDS} folds: area under the curve {area:.3f}, "
        f"of reversed ones {caught:.1%} doubted, of right ones {wronged:.1%}"
    )
    weights = _packed(
        next(iter(keys.values())).document,
        {question_id: fit(keys[question_id], replies[question_id]) for question_id in keys},
    )
    kinds: dict[str, list[float]] = defaultdict(list)
    for reply in load_replies(REPLIES)[0]:
        if reply.split == "tune":
            kinds[reply.kind].append(weights.score(reply.question_id, features(read(reply.reply))))
    for kind, odds in kinds.items():
        doubted, sure = np.mean(np.array(odds) > DOUBTFUL), np.mean(np.array(odds) > SURE)
        print(f"tune split, {kind}: {doubted:.0%} doubted, {sure:.0%} called reversed")
    if arguments.write:
        about = {
            "fitted_on": "eval/data/reversal/replies.jsonl",
            "by": "python -m eval.fit_reversal",
            "replies": len(rows),
        }
        np.savez_compressed(MODEL, about=np.array(json.dumps(about)), **weights._asdict())


if __name__ == "__main__":
    main()
