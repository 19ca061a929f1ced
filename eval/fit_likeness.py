"""Grow the forest of ``interviewer.likeness`` and say how it does on questions that it was not grown on.

    python -m eval.fit_likeness FOLDER            # prints the figures; --write stores the forest

FOLDER holds the graded English sets named in ``SETS`` (JSON lines with question, references, answer and a mark). The
figures are from five-fold cross-validation by question, beside the cosine of character n-gram TF-IDF in
the same run. Nothing of the texts is stored: a forest is figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from interviewer.likeness import MODEL, Forest, agreement, features

__all__ = ["SETS", "Case", "Prepared", "cases", "crossvalidated", "fit", "main", "predict", "prepare"]

SETS = {
    "en_neural_networks_exam": "a neural-networks exam, 561 answers, MPL-2.0",
    "en_beetle_train": "SemEval-2013 Task 7 Beetle, CC BY-SA 3.0",
    "en_scientsbank_train": "SemEval-2013 Task 7 SciEntsBank, CC BY-SA 3.0",
    "en_networks_train": "SAF communication networks, MIT",
}
FOLDS = 5
SEED = 0
DIRECTIONS, TREES, LEAF, SHARE = 24, 100, 15, 0.5
"""Directions of meaning, trees, the fewest cases in a leaf, and the share of features that a split may choose from."""

Floats = NDArray[np.float64]


class Case(NamedTuple):
    """A graded answer; ``mark`` is 0–1, ``binary`` tells that it was correct or not and nothing in between."""

    set: str
    question_id: str
    question: str
    references: tuple[str, ...]
    answer: str
    mark: float
    binary: bool


def cases(folder: Path) -> Iterator[Case]:
    """The graded answers of all sets; a reference that was handed in as an answer is left out."""
    for name in SETS:
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                data: dict[str, Any] = json.loads(line)
                if data.get("is_reference_text"):
                    continue
                references = tuple(data.get("references") or [data["reference"]])
                binary = "label_2way" in data
                mark = float(data["label_2way"] == "correct") if binary else data["score"] / data.get("max_score", 1)
                yield Case(name, str(data["qid"]), data["question"], references, data["answer"], mark, binary)


class Prepared(NamedTuple):
    """The features of every case against each of its references, in the order of the cases."""

    plain: list[Floats]
    agreements: list[NDArray[np.float32]]
    marks: Floats
    sets: NDArray[np.str_]
    groups: NDArray[np.str_]


def prepare(rows: Sequence[Case]) -> Prepared:
    """The features of the cases; ``groups`` are the questions, of which no two folds share one."""
    return Prepared(
        [np.array([features(c.question, r, c.answer, len(c.references)) for r in c.references]) for c in rows],
        [np.array([agreement(r, c.answer) for r in c.references]) for c in rows],
        np.array([case.mark for case in rows]),
        np.array([case.set for case in rows]),
        np.array([f"{case.set} {case.question_id}" for case in rows]),
    )


def fit(given: Prepared, chosen: NDArray[np.intp]) -> Forest:
    """A forest grown on the chosen cases, each against the reference of whose words it covers most.

    A set weighs as the square root of its size, so that the large ones don't drown the small ones.
    """
    best = [int(given.plain[i][:, 0].argmax()) for i in chosen]
    plain = np.array([given.plain[i][k] for i, k in zip(chosen, best, strict=True)])
    agreements = np.array([given.agreements[i][k] for i, k in zip(chosen, best, strict=True)])
    directions = PCA(DIRECTIONS, random_state=SEED).fit(agreements)
    x = np.hstack([plain, directions.transform(agreements)])
    names, sizes = np.unique(given.sets[chosen], return_counts=True)
    weight = dict(zip(names, 1 / np.sqrt(sizes), strict=True))
    trees = ExtraTreesRegressor(TREES, min_samples_leaf=LEAF, max_features=SHARE, n_jobs=2, random_state=SEED)
    trees.fit(x, given.marks[chosen], sample_weight=[weight[name] for name in given.sets[chosen]])
    return _forest([tree.tree_ for tree in trees.estimators_], directions)


def _forest(trees: Sequence[Any], directions: PCA) -> Forest:
    """The trees in one set of arrays; children are counted from the first node of all."""
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([np.ravel(getattr(tree, name)) for tree in trees])

    def children(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(tree, name) + root for tree, root in zip(trees, roots, strict=True)])

    feature = joined("feature")
    return Forest(
        np.where(feature < 0, -1, feature).astype(np.int16),
        joined("threshold").astype(np.float32),
        children("children_left").astype(np.int32),
        children("children_right").astype(np.int32),
        joined("value").astype(np.float32),
        roots.astype(np.int32),
        directions.mean_.astype(np.float32),
        directions.components_.astype(np.float32),
    )


def predict(given: Prepared, forest: Forest, chosen: NDArray[np.intp]) -> Floats:
    """The likeness of each chosen case to the reference that it is most like."""
    of = np.concatenate([np.full(len(given.plain[i]), place) for place, i in enumerate(chosen)])
    rows = forest.rows(
        np.concatenate([given.plain[i] for i in chosen]), np.concatenate([given.agreements[i] for i in chosen])
    )
    found = np.zeros(len(chosen))
    np.maximum.at(found, of, forest.predict(rows))
    return found


def crossvalidated(given: Prepared) -> Floats:
    """The likeness of every case by a forest that has seen none of its question's answers."""
    found = np.zeros(len(given.marks))
    for train, test in GroupKFold(FOLDS).split(found, given.marks, given.groups):
        found[test] = predict(given, fit(given, train), test)
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="store a forest grown on everything")
    arguments = parser.parse_args()
    rows = list(cases(arguments.folder))
    given = prepare(rows)
    ours = crossvalidated(given)
    for name in SETS:
        chosen = np.flatnonzero(given.sets == name)
        print(_figures(name, [rows[i] for i in chosen], given.marks[chosen], ours[chosen]))
    if arguments.write:
        about = {"fitted_on": SETS, "by": "python -m eval.fit_likeness", "cases": len(rows), "trees": TREES}
        forest = fit(given, np.arange(len(rows)))
        np.savez_compressed(MODEL, about=np.array(json.dumps(about)), **forest._asdict())


def _figures(name: str, rows: list[Case], y: Floats, ours: Floats) -> str:
    """Pearson r and, for sets of right and wrong, macro-F1 at the threshold that is best for each."""
    texts = [case.answer for case in rows] + [reference for case in rows for reference in case.references]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit(texts)
    answers = vectorizer.transform([case.answer for case in rows])
    cosine = np.array(
        [(answers[i] @ vectorizer.transform(case.references).T).max() for i, case in enumerate(rows)], dtype=np.float64
    )
    line = f"{name}: n {len(rows)}, r {np.corrcoef(ours, y)[0, 1]:.3f}, TF-IDF r {np.corrcoef(cosine, y)[0, 1]:.3f}"
    if rows[0].binary:
        line += f", macro-F1 {_best_f1(ours, y):.3f}, TF-IDF macro-F1 {_best_f1(cosine, y):.3f}"
    return line


def _best_f1(scores: Floats, y: Floats) -> float:
    thresholds = np.quantile(scores, np.linspace(0.02, 0.98, 49))
    return max(float(f1_score(y > 0.5, scores > t, average="macro")) for t in thresholds)


if __name__ == "__main__":
    main()
