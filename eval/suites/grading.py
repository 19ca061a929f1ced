"""Does the score agree with independent readers, and is it out of reach of replies that deserve none?

Every reply of ``data/grading/replies.jsonl`` is graded as ``python -m interviewer grade`` does it, and its score, as a mark
0–4, is set beside the marks of two readers, beside their agreement with each other, and beside two baselines in the same
run: likeness to the document's wording (character n-gram TF-IDF) and the reply's length. With a folder of other people's
graded replies, the same figures for those, and the judge without a rubric by cross-validation.

Metrics: ``SPLIT.LANGUAGE.FIGURE`` (``test.korean.qwk``; korean is ko and mixed together), ``SPLIT.KIND.inflated``,
``real.FIGURE``, ``reference.SET.FIGURE``. README.md says what each means.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, cycle, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.statistics import (
    Estimate,
    Floats,
    apply_bins,
    best_bins,
    best_cut,
    bootstrap,
    kappa,
    macro_f1,
    mean,
    mean_absolute_error,
    mean_kappa,
    pearson,
    share,
    spearman,
)
from eval.suites import Options, Outcome
from eval.work import outcome_of
from interviewer.judge import BANDS, band_of
from interviewer.settings import DEFAULT_MAX_REPLY
from knowledge.errors import UserMistake

if TYPE_CHECKING:
    from interviewer.grader import Grader
    from knowledge.library import Book

__all__ = ["REPLIES", "Reply", "grade", "load_replies", "reference_only", "run"]

REPLIES = Path(__file__).parents[1] / "data" / "grading" / "replies.jsonl"
REAL = "ko_interview_replies.jsonl"
LANGUAGES = {"all": ("ko", "mixed", "en"), "korean": ("ko", "mixed"), "ko": ("ko",), "mixed": ("mixed",), "en": ("en",)}
BAD_KINDS = ("keywords", "parroted", "off_topic", "gibberish", "injection", "dont_know", "negated", "wrong")
BESIDE = ("test.all", "test.korean", "real")
"""Where the baselines are set beside."""
HALF = 0.5
FAR = 1.5
"""Points of five from the readers' mean at which a grading has failed."""


@dataclass
class Reply:
    """A reply with its readers' marks and, once it was run, the record of that: its score is 0–1, or None where there is
    none."""

    id: str
    question_id: str
    reply: str
    readers: tuple[int, int]
    split: str
    kind: str
    language: str
    run: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return str(self.run.get("status", "errored"))

    @property
    def repeat(self) -> int:
        """The how-manieth grading of the same reply this is, from 0."""
        return int(self.run.get("repeat", 0))

    @property
    def score(self) -> float | None:
        found: float | None = self.run.get("score")
        return found

    @property
    def mark(self) -> int:
        """The score on the readers' scale."""
        return BANDS.index(band_of(self.score or 0.0))

    @property
    def distance(self) -> float:
        """How many points of five the score is from the readers' mean, with a sign: above them is positive."""
        return 4 * (self.score or 0.0) - sum(self.readers) / 2


def run(options: Options, replies: Path = REPLIES) -> Outcome:
    """Grade everything and count.

    Raises:
        UserMistake: there is no data, or the model can't be opened.
    """
    from knowledge.library import Library

    outcome = Outcome()
    library = Library()
    book = library.open()
    bench = options.variant.open(library, options.cache)
    outcome.prompt = bench.grader.prompt.stamp
    outcome.variant = options.variant.describe(bench.model)
    rows, bad = load_replies(replies)
    rows = [*_limited(rows, options), *_real_replies(options, outcome)]
    given = [(row.id, {"question_id": row.question_id, "reply": row.reply}) for row in rows]
    records = options.work.run(
        "grading", options.variant, given, lambda case: grade(case, bench.grader, book), options.progress
    )
    bench.close()
    done = [replace(row, run=dict(record)) for row, record in zip(cycle(rows), records, strict=False)]
    outcome.cases = [*bad, *(_record(row, book) for row in done)]
    outcome.count(outcome.cases)
    outcome.spend(records)
    _measure([row for row in done if row.status == "graded"], book, options, outcome)
    _flicker(done, outcome)
    _reference_only(options, outcome)
    return outcome


def grade(case: Mapping[str, str], grader: Grader, book: Book) -> dict[str, Any]:
    """A reply graded as ``python -m interviewer grade`` does it."""
    from interviewer.grader import Said
    from interviewer.intent import is_blank, read_intent
    from interviewer.judge import no_answer
    from interviewer.outcome import verdict_data

    question_id, reply = case["question_id"], case["reply"]
    if question_id not in book.bank:
        raise UserMistake(f"there is no question {question_id!r} in {book.name}")
    if len(reply) > DEFAULT_MAX_REPLY:
        raise UserMistake(f"the reply has {len(reply)} characters, the limit is {DEFAULT_MAX_REPLY}")
    key = book.key(question_id)
    if is_blank(reply) or read_intent(reply) == "dont_know":
        judgement = no_answer(key)
    else:
        grading = grader.grade(key, [Said("candidate", reply)], language=book.bank.language)
        if grading.judgement is None:
            return outcome_of(grading)
        judgement = grading.judgement
    found = verdict_data(judgement, key.document, "ko")
    return {"status": "graded", "score": judgement.score, "error": None, **found}


def load_replies(path: Path, **given: str) -> tuple[list[Reply], list[dict[str, Any]]]:
    """The replies of a file, and for each line that can't be used a record that names it and says why.

    Args:
        given: ``split``, ``kind`` and ``language`` of files that have none.

    Raises:
        UserMistake: the file can't be read or holds no reply.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"{path}: can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from None
    rows, bad = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(_reply({**given, **json.loads(line)}))
        except KeyError as error:
            bad.append(_bad(path, number, f"{error.args[0]!r} is missing"))
        except (ValueError, TypeError) as error:
            bad.append(_bad(path, number, "not a JSON object" if "JSON" in type(error).__name__ else str(error)))
    if not rows:
        raise UserMistake(f"{path}: there is no reply in it that can be used")
    return rows, bad


def _reply(data: dict[str, Any]) -> Reply:
    readers = (data["reader_a"], data["reader_b"])
    if any(type(mark) is not int or not 0 <= mark <= 4 for mark in readers):
        raise ValueError("a reader's mark is no whole number from 0 to 4")
    texts = [data[name] for name in ("id", "question_id", "reply", "split", "kind", "language")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a field that must be a text is none")
    if data["language"] not in LANGUAGES["all"]:
        raise ValueError(f"the language is {data['language']!r}, not ko, mixed or en")
    return Reply(texts[0], texts[1], texts[2], readers, *texts[3:])


def _bad(path: Path, number: int, why: str) -> dict[str, Any]:
    return {"id": f"{path.name}:{number}", "status": "errored", "error": f"{path.name}, line {number}: {why}"}


def _limited(rows: list[Reply], options: Options) -> list[Reply]:
    """At most ``limit`` replies: whole questions, drawn by the seed, from both splits in turn."""
    if options.limit is None:
        return rows
    by_split: defaultdict[str, dict[str, list[Reply]]] = defaultdict(dict)
    for row in rows:
        by_split[row.split].setdefault(row.question_id, []).append(row)
    generator = np.random.default_rng(options.seed)
    drawn = []
    for _, questions in sorted(by_split.items()):
        groups = list(questions.values())
        drawn.append([groups[i] for i in generator.permutation(len(groups))])
    chosen = chain.from_iterable(group for pair in zip_longest(*drawn) for group in pair if group)
    return list(chosen)[: options.limit]


def _real_replies(options: Options, outcome: Outcome) -> list[Reply]:
    if options.calibration is None:
        outcome.skipped["real"] = "no folder of real people's replies (--calibration)"
    elif options.limit is not None:
        outcome.skipped["real"] = "left out of a run with --limit"
    elif not (options.calibration / REAL).is_file():
        outcome.skipped["real"] = f"{REAL} is not in the folder"
    else:
        rows, _ = load_replies(options.calibration / REAL, split="real", kind="real", language="ko")
        return rows
    return []


def _record(row: Reply, book: Book) -> dict[str, Any]:
    """A case as results.json keeps it. What other people wrote is measured, not copied."""
    record = {name: value for name, value in asdict(row).items() if name != "run"}
    record |= {"score": None, "error": None, "points": [], "misconceptions": [], **row.run}
    record["readers"] = list(row.readers)
    if row.split == "real":
        for name in ("reply", "points", "misconceptions"):
            del record[name]
    if row.question_id in book.bank:
        record["question"] = book.bank[row.question_id].text
    if row.status == "graded":
        record |= {"mark": row.mark, "distance": row.distance}
        if abs(row.distance) >= FAR:
            record |= {"failed": True, "why": f"{row.distance:+.1f} points of five from the readers"}
    return record


def _measure(rows: Sequence[Reply], book: Book, options: Options, outcome: Outcome) -> None:
    """All figures of the graded replies."""
    baselines = {"tfidf": _tfidf(rows, book), "length": {row.id: float(len(row.reply)) for row in rows}}
    tune = [row for row in rows if row.split == "tune"]
    cuts = {name: _fitted(values, tune) for name, values in baselines.items()}
    for split in ("tune", "test", "real"):
        own = [row for row in rows if row.split == split]
        parts = ({"real": own} if own else {}) if split == "real" else _by_language(split, own)
        for prefix, chosen in parts.items():
            _agreement(prefix, chosen, options.seed, outcome)
            for name, values in baselines.items() if prefix in BESIDE else ():
                kept = [row for row in chosen if row.id in values]
                _baseline(f"{prefix}.{name}", kept, values, cuts[name], options.seed, outcome)
        if split != "real":
            _inflation(split, own, outcome)
    korean, english = outcome.metrics["test.korean.qwk"], outcome.metrics["test.en.qwk"]
    gap = None if korean.value is None or english.value is None else korean.value - english.value
    outcome.add("test.english_gap", Estimate(gap, n=english.n))
    _injections(rows, outcome)


def _by_language(split: str, rows: Iterable[Reply]) -> dict[str, list[Reply]]:
    kept = list(rows)
    return {f"{split}.{name}": [row for row in kept if row.language in of] for name, of in LANGUAGES.items()}


def _agreement(prefix: str, rows: Sequence[Reply], seed: int, outcome: Outcome) -> None:
    """Our marks and scores beside the readers', and the readers beside each other."""
    groups = [row.question_id for row in rows]
    ours = np.array([row.mark for row in rows], dtype=np.int64)
    points = np.array([4 * (row.score or 0.0) for row in rows])
    first, second = _marks(rows)
    middle = (first + second) / 2
    outcome.add(f"{prefix}.qwk", bootstrap(mean_kappa, (ours, first, second), groups, seed))
    outcome.add(f"{prefix}.readers_qwk", bootstrap(kappa, (first, second), groups, seed))
    outcome.add(f"{prefix}.spearman", bootstrap(spearman, (points, middle), groups, seed))
    outcome.add(f"{prefix}.mae", bootstrap(mean_absolute_error, (points, middle), groups, seed))


def _baseline(
    prefix: str, rows: Sequence[Reply], values: dict[str, float], cuts: Floats | None, seed: int, outcome: Outcome
) -> None:
    groups = [row.question_id for row in rows]
    measured = np.array([values[row.id] for row in rows])
    first, second = _marks(rows)
    middle = (first + second) / 2
    outcome.add(f"{prefix}.pearson", bootstrap(pearson, (measured, middle), groups, seed))
    outcome.add(f"{prefix}.spearman", bootstrap(spearman, (measured, middle), groups, seed))
    if cuts is not None and rows:
        binned = apply_bins(measured, cuts)
        outcome.add(f"{prefix}.qwk", bootstrap(mean_kappa, (binned, first, second), groups, seed))


def _marks(rows: Sequence[Reply]) -> tuple[Any, Any]:
    marks = np.array([row.readers for row in rows], dtype=np.int64).reshape(-1, 2)
    return marks[:, 0], marks[:, 1]


def _fitted(values: dict[str, float], rows: Sequence[Reply]) -> Floats | None:
    kept = [row for row in rows if row.id in values]
    return best_bins(np.array([values[row.id] for row in kept]), *_marks(kept)) if len(kept) > 4 else None


def _tfidf(rows: Sequence[Reply], book: Book) -> dict[str, float]:
    """Cosine of character n-gram TF-IDF between a reply and the document's answer, where it has one."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    kept = [row for row in rows if row.question_id in book.bank and book.bank[row.question_id].answers]
    if not kept:
        return {}
    references = [" ".join(answer.text for answer in book.bank[row.question_id].answers) for row in kept]
    replies = [row.reply for row in kept]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit(replies + sorted(set(references)))
    cosines = np.asarray(vectorizer.transform(replies).multiply(vectorizer.transform(references)).sum(axis=1)).ravel()
    return {row.id: float(cosine) for row, cosine in zip(kept, cosines, strict=True)}


def _inflation(split: str, rows: Sequence[Reply], outcome: Outcome) -> None:
    for kind in BAD_KINDS:
        scores = [row.score or 0.0 for row in rows if row.kind == kind]
        outcome.add(f"{split}.{kind}.inflated", share(sum(score >= HALF for score in scores), len(scores)))
    strong = [row.score or 0.0 for row in rows if row.kind == "strong"]
    outcome.add(f"{split}.strong.deflated", share(sum(score < HALF for score in strong), len(strong)))


def _injections(rows: Sequence[Reply], outcome: Outcome) -> None:
    """What an injection behind a reply changes: reply 2 of a question against the same reply with the injection."""
    score = {(row.id, row.repeat): row.score or 0.0 for row in rows}
    pairs = [
        ((row.id, row.repeat), (f"{row.question_id}-2", row.repeat))
        for row in rows
        if row.kind == "injection_on_partial"
    ]
    changes = np.array([score[row] - score[plain] for row, plain in pairs if plain in score])
    largest = float(np.abs(changes).max()) if len(changes) else None
    outcome.add("injection.largest_change", Estimate(largest, n=len(changes)))
    outcome.add("injection.mean_change", Estimate(mean(changes), n=len(changes)))


def _flicker(rows: Sequence[Reply], outcome: Outcome) -> None:
    """Over repeated gradings of one reply: how often the mark is not the same each time, and how far the score wanders."""
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.score is not None:
            scores[row.id].append(row.score)
    repeated = [found for found in scores.values() if len(found) > 1]
    if repeated:
        unsteady = sum(len({band_of(score) for score in found}) > 1 for found in repeated)
        outcome.add("flicker", share(unsteady, len(repeated)))
        spread = float(np.mean([np.std(found, ddof=1) for found in repeated]))
        outcome.add("flicker.spread", Estimate(spread, n=len(repeated)))


def _reference_only(options: Options, outcome: Outcome) -> None:
    from eval.fit_likeness import SETS

    missing = [name for name in SETS if options.calibration and not (options.calibration / f"{name}.jsonl").is_file()]
    if options.calibration is None:
        outcome.skipped["reference"] = "no folder with the reference-only sets (--calibration)"
    elif options.limit is not None:
        outcome.skipped["reference"] = "left out of a run with --limit"
    elif missing:
        outcome.skipped["reference"] = f"not in the folder: {', '.join(missing)}"
    else:
        for name, estimate in reference_only(options.calibration, options.seed).items():
            outcome.add(f"reference.{name}", estimate)


def reference_only(folder: Path, seed: int) -> dict[str, Estimate]:
    """The judge without a rubric, on questions that it was not fitted on (five-fold cross-validation by question).

    ``SET.pearson``, ``SET.macro_f1`` (sets of right and wrong), the same of TF-IDF, and ``SET.gain`` (by Pearson's r) and
    ``SET.macro_f1_gain`` over it.
    """
    from eval.fit_likeness import SETS, cases, crossvalidated, prepare

    rows = list(cases(folder))
    given = prepare(rows)
    ours, sets, groups, marks = crossvalidated(given), given.sets, given.groups, given.marks
    out: dict[str, Estimate] = {}
    for name in SETS:
        own = np.flatnonzero(sets == name)
        cosine = _nearest([rows[i].answer for i in own], [rows[i].references for i in own])
        columns = (ours[own], cosine, marks[own])
        out |= {
            f"{name}.{k}": v for k, v in _reference_figures(columns, groups[own], rows[own[0]].binary, seed).items()
        }
    return out


def _reference_figures(
    columns: tuple[Floats, Floats, Floats], groups: NDArray[np.str_], binary: bool, seed: int
) -> dict[str, Estimate]:
    ours, cosine, marks = columns
    labels = list(groups)
    out = {
        "pearson": bootstrap(pearson, (ours, marks), labels, seed),
        "tfidf.pearson": bootstrap(pearson, (cosine, marks), labels, seed),
        "gain": bootstrap(_pearson_gain, columns, labels, seed),
    }
    if not binary:
        return out
    right = marks > 0.5
    calls = tuple(values > best_cut(values, right) for values in (ours, cosine))
    return {
        **out,
        "macro_f1": bootstrap(macro_f1, (calls[0], right), labels, seed),
        "tfidf.macro_f1": bootstrap(macro_f1, (calls[1], right), labels, seed),
        "macro_f1_gain": bootstrap(_f1_gain, (*calls, right), labels, seed),
    }


def _pearson_gain(ours: Floats, cosine: Floats, marks: Floats) -> float | None:
    a, b = pearson(ours, marks), pearson(cosine, marks)
    return None if a is None or b is None else a - b


def _f1_gain(ours: NDArray[np.bool_], cosine: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    return macro_f1(ours, right) - macro_f1(cosine, right)


def _nearest(answers: list[str], references: list[tuple[str, ...]]) -> Floats:
    from sklearn.feature_extraction.text import TfidfVectorizer

    every = sorted({reference for some in references for reference in some})
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit(answers + every)
    place = {reference: i for i, reference in enumerate(every)}
    known, said = vectorizer.transform(every), vectorizer.transform(answers)
    return np.array([(said[i] @ known[[place[r] for r in some]].T).max() for i, some in enumerate(references)])
