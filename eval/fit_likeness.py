"""Fit the weights of ``interviewer.likeness`` and say how they do on questions that they were not fitted on.

    python -m eval.fit_likeness FOLDER            # prints the figures; --write stores the weights

FOLDER holds the graded English sets named in ``SETS`` (JSON lines with question, references, answer and a mark). The sets
weigh alike. The figures are from five-fold cross-validation by question, beside the cosine of character n-gram TF-IDF in
the same run. Nothing of the texts is stored: the weights are figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from interviewer.likeness import FEATURES, WEIGHTS, features

__all__ = ["SETS", "Case", "cases", "fit", "main"]

SETS = {
    "en_neural_networks_exam": "a neural-networks exam, 561 answers, MPL-2.0",
    "en_beetle_train": "SemEval-2013 Task 7 Beetle, CC BY-SA 3.0",
    "en_scientsbank_train": "SemEval-2013 Task 7 SciEntsBank, CC BY-SA 3.0",
    "en_networks_train": "SAF communication networks, MIT",
}
STRENGTH = 3.0
FOLDS = 5

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


def fit(x: Floats, y: Floats, sets: NDArray[np.str_]) -> dict[str, float]:
    """Ridge weights over the plain (not standardised) features, each set weighing alike."""
    weight = np.array([1.0 / np.count_nonzero(sets == name) for name in sets])
    scaler = StandardScaler().fit(x)
    ridge = Ridge(STRENGTH).fit(scaler.transform(x), y, sample_weight=weight * len(y) / weight.sum())
    slopes = ridge.coef_ / scaler.scale_
    intercept = float(ridge.intercept_ - (slopes * scaler.mean_).sum())
    return {"intercept": intercept, **dict(zip(FEATURES, map(float, slopes), strict=True))}


def predict(x: Floats, weights: dict[str, float]) -> Floats:
    """The likeness by these weights."""
    slopes = np.array([weights[name] for name in FEATURES])
    found: Floats = np.clip(x @ slopes + weights["intercept"], 0.0, 1.0)
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="store the weights fitted on everything")
    arguments = parser.parse_args()
    rows = list(cases(arguments.folder))
    sets = np.array([case.set for case in rows])
    y = np.array([case.mark for case in rows])
    options = [np.array([features(c.question, reference, c.answer) for reference in c.references]) for c in rows]
    x = np.array([found[found[:, 0].argmax()] for found in options])
    groups = np.array([f"{case.set} {case.question_id}" for case in rows])
    ours = np.zeros(len(rows))
    for train, test in GroupKFold(FOLDS).split(x, y, groups):
        weights = fit(x[train], y[train], sets[train])
        ours[test] = [predict(options[i], weights).max() for i in test]
    for name in SETS:
        chosen = np.flatnonzero(sets == name)
        print(_figures(name, [rows[i] for i in chosen], y[chosen], ours[chosen]))
    if arguments.write:
        rounded = {name: round(value, 5) for name, value in fit(x, y, sets).items()}
        data = {"fitted_on": SETS, "by": "python -m eval.fit_likeness", "cases": len(rows), "weights": rounded}
        WEIGHTS.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


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
