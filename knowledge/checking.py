"""Prove that a document and its rubrics fit together: what ``python -m knowledge check`` does.

The form of a rubric is checked whenever one is loaded (``knowledge.rubric``). Here is what only shows when rubrics and
document are read side by side, or when the words of a rubric are compared with each other: an answer line that nothing
accounts for, a source line of another question, a hint that gives a point away. Every fault has the file and the line at
which an author mends it.

    findings = check(load(DEFAULT_DOCUMENT), DEFAULT_DOCUMENT, RUBRICS)
    findings.faults          # (Fault("knowledge/rubrics/04.yaml", 39, "the concept 'gpu' is used by no pattern"), …)
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from knowledge.check import expected, task, verify
from knowledge.document import Question, QuestionBank, language_of
from knowledge.errors import RubricError
from knowledge.language import Token, stem, tokens_many
from knowledge.nodes import child, repeated_keys, scalars, with_id
from knowledge.numbers import FUNCTIONS, Node, parse, walk
from knowledge.rubric import FormulaCheck, NumberCheck, Rubric, Text, Topic, atoms, load_topic, node_line

__all__ = ["Fault", "Findings", "check"]

GIVEN_AWAY = 0.66
"""Share of a point's content words from which a hint is the answer. Of the 1,971 pairs of a hint and a point in the
built-in rubrics, none comes above 0.6 and one in a hundred above 0.25; a claim told outright shares all of them."""
LEAST_SHARED = 2

TRIED_SEEDS = 20

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CITABLE = re.compile(r"\b(19|20)\d\d\b|documentation|\bguide\b|https?://", re.IGNORECASE)
_PARTICLE = re.compile(r"\{\w+\}(?:은|는|을|를|과|와|이|가|로|으로)(?=[\s,.?]|$)")
_QUOTED = re.compile(r"'([^']*)'")
_ATOM_PARTS = re.compile(r"[\s~!]+")
_CONTENT_TAGS = ("NNG", "NNP", "XR", "VV", "VA", "SL", "SN")
_EMPTY_WORDS = frozenset(
    "것 거 수 때 때문 점 등 중 후 전 정도 경우 하 되 있 없 같 이렇 그렇 어떻 말하 알 쓰 보 나오 생기 생각 이유 "
    "a an the is are was were be to of in on at for and or not no it its this that these those with by as from so do does "
    "did how what why which who when where you your i we they can could would should will may might have has had if then "
    "than but about into there their more most some any all only very one each out".split()
)

At = Callable[..., int | None]


@dataclass(frozen=True)
class Fault:
    """One thing to mend, and where. ``str`` is "file:line: what"."""

    path: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}" if self.line else f"{self.path}: {self.what}"


@dataclass(frozen=True)
class Findings:
    """All faults in the files' order, and how much was read."""

    faults: tuple[Fault, ...]
    questions: int
    points: int
    errata: int


@dataclass(frozen=True)
class _File:
    """A rubric file as read. ``topic`` is None where the form is wrong; ``ids`` are the questions that it names even so."""

    path: str
    number: str
    root: yaml.Node | None
    topic: Topic | None
    ids: tuple[str, ...]
    faults: tuple[Fault, ...]


def check(bank: QuestionBank, document: Path, folder: Path) -> Findings:
    """Read a document's rubrics and compare them with it and with themselves.

    Args:
        document: the document's file, for faults that are its own.
        folder: the rubric files, ``01.yaml`` and so on.
    """
    files = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    faults: list[Fault] = []
    seen: set[str] = set()
    rubrics: list[Rubric] = []
    for file in files:
        faults.extend(file.faults)
        if file.topic is not None:
            faults.extend(_topic_faults(file, file.topic, bank, seen))
            rubrics.extend(file.topic.questions)
        seen.update(file.ids)
    faults.extend(_uncovered(bank, str(document), rubrics, seen))
    points, errata = sum(len(one.points) for one in rubrics), sum(len(one.errata) for one in rubrics)
    return Findings(tuple(faults), len(rubrics), points, errata)


def _read(path: Path) -> _File:
    """A rubric file with all faults of its form, where ``load_topic`` stops at the first."""
    number = str(int(path.stem)) if path.stem.isdecimal() else path.stem
    topic: Topic | None = None
    try:
        topic = load_topic(path)
    except RubricError as error:
        first = Fault(str(path), error.line, error.what)
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.CSafeLoader)
        data = yaml.load(text, yaml.CSafeLoader) if topic is None else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return _File(str(path), number, None, None, (), (first,))
    faults = [Fault(str(path), line, what) for line, what in repeated_keys(root)]
    if topic is not None:
        return _File(str(path), number, root, topic, tuple(one.id for one in topic.questions), tuple(faults))
    faults.extend(_form_faults(path, root, data) or [first])
    return _File(str(path), number, root, None, _ids(data), tuple(faults))


def _ids(data: Any) -> tuple[str, ...]:
    """The questions that a file names, in whatever form the rest of it is."""
    questions = data.get("questions") if isinstance(data, dict) else None
    found = questions if isinstance(questions, list) else []
    return tuple(str(one["id"]) for one in found if isinstance(one, dict) and "id" in one)


def _form_faults(path: Path, root: yaml.Node | None, data: Any) -> list[Fault]:
    try:
        Topic.model_validate(data)
    except ValidationError as error:
        return [_form_fault(path, root, one["loc"], one["msg"]) for one in error.errors(include_url=False)]
    return []


def _form_fault(path: Path, root: yaml.Node | None, place: tuple[int | str, ...], message: str) -> Fault:
    what = message.removeprefix("Value error, ")
    if len(place) == 2 and (question := child(root, *place)) is not None:
        return Fault(str(path), _named_line(question, what) or node_line(root, place), what)
    return Fault(str(path), node_line(root, place), f"{'.'.join(map(str, place)) or 'the file'}: {what}")


def _named_line(question: yaml.Node, what: str) -> int | None:
    """The line of what a message about a whole rubric speaks of: its keys and ids stand in the message.

    "'cheap' names the concept 'exp', …" is about the last pattern with ``exp`` below the point ``cheap``.
    """
    names, scope = _QUOTED.findall(what), question
    key = what.split(maxsplit=1)[0]
    if (value := child(question, key)) is not None and not isinstance(value, yaml.ScalarNode):
        scope = value
    elif value is not None:
        return node_line(question, (key,))
    if names and (owner := with_id(scope, names[0])) is not None:
        scope = owner
    if "rests on line" in what:
        return node_line(scope, ("source",))
    found = [n for n in scalars(scope) if names and (n.value == names[-1] or names[-1] in _ATOM_PARTS.split(n.value))]
    return found[-1].start_mark.line + 1 if found else None


# --- One file beside the document -------------------------------------------------------------------------------------


def _topic_faults(file: _File, topic: Topic, bank: QuestionBank, seen: set[str]) -> Iterator[Fault]:
    """Faults of a file whose form is right. ``seen`` are the questions of the files before it."""
    here: set[str] = set()
    if language_of(topic.topic.en) == "ko":
        yield Fault(file.path, node_line(file.root, ("topic", "en")), "topic.en is Korean")
    for index, rubric in enumerate(topic.questions):

        def at(*place: int | str, index: int = index) -> int | None:
            return node_line(file.root, ("questions", index, *place))

        if rubric.id in seen | here:
            yield Fault(file.path, at("id"), f"question {rubric.id} has two rubrics")
        here.add(rubric.id)
        if rubric.id not in bank:
            yield Fault(file.path, at("id"), f"the document has no question {rubric.id}")
            continue
        question = bank[rubric.id]
        if question.topic != file.number:
            yield Fault(file.path, at("id"), f"question {rubric.id} belongs into {int(question.topic):02d}.yaml")
        for line, what in _rubric_faults(rubric, question, at):
            yield Fault(file.path, line, f"{rubric.id}: {what}")


def _rubric_faults(rubric: Rubric, question: Question, at: At) -> Iterator[tuple[int | None, str]]:
    yield from _line_faults(rubric, question, at)
    yield from _concept_faults(rubric, at)
    if not rubric.question.get("en", "").strip():
        yield at("question"), "the question has no English (question.en)"
    elif language_of(rubric.question["en"]) == "ko":
        yield at("question", "en"), "question.en is Korean"
    for what, place in _model_text_faults(rubric, ()):
        yield at(*place), what
    for index, one in enumerate(rubric.checks):
        for what in _check_faults(one):
            yield at("checks", index), what
    for number, point in _given_away(rubric, question):
        yield at("hints", number), f"hint {number + 1} gives the point '{point}' away"


def _line_faults(rubric: Rubric, question: Question, at: At) -> Iterator[tuple[int | None, str]]:
    """Document lines that a rubric names but that are not where they must be."""
    answered = {line for answer in question.answers for line in range(answer.lines[0], answer.lines[1] + 1)}
    first, last = question.lines
    wrong = {erratum.line for erratum in rubric.errata}
    for index, point in enumerate(rubric.points):
        for line in point.source:
            if line not in answered:
                yield (
                    at("points", index, "source"),
                    f"point '{point.id}': line {line} is no answer line of this question",
                )
    for index, erratum in enumerate(rubric.errata):
        if not first <= erratum.line <= last:
            yield at("errata", index, "line"), f"line {erratum.line} is not of this question (lines {first}–{last})"
        elif erratum.kind != "missing" and erratum.line not in answered:
            yield (
                at("errata", index, "line"),
                f"line {erratum.line} is no answer line, so its kind can only be 'missing'",
            )
        if any(erratum.line == other.line for other in rubric.errata[:index]):
            yield at("errata", index, "line"), f"there are two errata for line {erratum.line}"
        if not _CITABLE.search(erratum.source):
            what = "has no year and is no documentation: cite a work that a reader can find"
            yield at("errata", index, "source"), f"the erratum's source {what}"
    for index, aside in enumerate(rubric.set_aside):
        if aside.line not in answered:
            yield at("set_aside", index, "line"), f"line {aside.line} is no answer line of this question"
        elif aside.line in wrong:
            yield at("set_aside", index, "line"), f"line {aside.line} is set aside and an erratum"
    for index, one in enumerate(rubric.misconceptions):
        if one.line is not None and one.line not in wrong:
            yield at("misconceptions", index, "line"), f"misconception '{one.id}': line {one.line} is no erratum"


def _concept_faults(rubric: Rubric, at: At) -> Iterator[tuple[int | None, str]]:
    used = {name for _, pattern in rubric.patterns() for name in atoms(pattern)}
    used |= {name for pair in rubric.opposites for name in pair}
    for name, forms in rubric.concepts.items():
        if name not in used:
            yield at("concepts", name), f"the concept '{name}' is used by no pattern"
        if not forms:
            yield at("concepts", name), f"the concept '{name}' has no form"
        for index, form in enumerate(forms):
            place = at("concepts", name, index)
            if not form.strip():
                yield place, f"the concept '{name}' has an empty form"
            elif len(form) > 2 and form.startswith("/") and form.endswith("/") and (why := _regex_fault(form[1:-1])):
                yield place, f"the concept '{name}': {form} is no regular expression ({why})"


def _regex_fault(pattern: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError, Warning) as error:
            return str(error)
    return None


def _model_text_faults(model: BaseModel, place: tuple[int | str, ...]) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """Faults of every text below a model, with their places."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        items: Iterable[tuple[tuple[int | str, ...], Any]] = (
            (((*place, name, index), one) for index, one in enumerate(value))
            if isinstance(value, tuple)
            else [((*place, name), value)]
        )
        for where, one in items:
            if isinstance(one, Text):
                yield from _text_faults(one, where)
            elif isinstance(one, BaseModel):
                yield from _model_text_faults(one, where)


def _text_faults(text: Text, place: tuple[int | str, ...]) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """``says`` quotes the document, which may be in any language."""
    name = ".".join(str(part) for part in place)
    if not _HANGUL.search(text.ko) and place[-1] != "says":
        yield f"{name}.ko has no Hangul", (*place, "ko")
    if language_of(text.en) == "ko":
        yield f"{name}.en is Korean", (*place, "en")


def _check_faults(one: NumberCheck | FormulaCheck) -> Iterator[str]:
    """What is wrong with a computed answer as it was written."""
    try:
        if isinstance(one, FormulaCheck):
            yield from _formula_faults(one)
        else:
            if particle := _PARTICLE.search(one.ask.ko):
                yield f"'{particle[0]}' does not fit every number: put a noun between the number and its particle"
            for name in sorted(one.vary.keys() - one.parameters.keys()):
                yield f"'{name}' varies but is no parameter"
            expected(one, one.parameters)
            for seed in range(TRIED_SEEDS):
                expected(one, task(one, seed)[0])
    except ValueError as error:
        yield str(error)


def _formula_faults(one: FormulaCheck) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, spellings in one.symbols.items():
        for spelling in spellings:
            if owners.setdefault(spelling, name) != name:
                yield f"'{spelling}' is a spelling of two symbols, '{owners[spelling]}' and '{name}'"
    systems = (*one.accept, *one.reject)
    sides = [(entry, parse(side)) for system in systems for entry in system for side in entry.split("=", maxsplit=1)]
    used = {(entry, node.name) for entry, tree in sides for node in walk(tree) if _is_symbol(node)}
    unknown = sorted((entry, name) for entry, name in used if name not in one.symbols)
    for entry, name in unknown:
        yield f"'{entry}' uses '{name}', which is not among the check's symbols"
    if unknown:
        return
    for wanted, wrong, those in (("accepted", "contradicted", one.accept), ("rejected", "hit", one.reject)):
        for system in those:
            found = verify(one, "\n".join(system))
            if found is not None and found.verdict == wrong:
                yield f"'{'; '.join(system)}' is to be {wanted}, but is judged '{wrong}'"


def _is_symbol(node: Node) -> bool:
    return node.kind == "symbol" or (node.kind == "call" and node.name not in FUNCTIONS)


# --- Hints ------------------------------------------------------------------------------------------------------------


def _given_away(rubric: Rubric, question: Question) -> Iterator[tuple[int, str]]:
    """Hints (from 0) and the points whose claim they tell. The question's own words tell nothing new."""
    given = set()
    for language in ("ko", "en"):
        asked = [question.text, rubric.question.get("en", ""), rubric.context[language] if rubric.context else ""]
        texts = [*asked, *(hint[language] for hint in rubric.hints), *(p.statement[language] for p in rubric.points)]
        words = [_content_words(found) for found in tokens_many(texts)]
        own = set().union(*words[: len(asked)])
        hints = words[len(asked) : len(asked) + len(rubric.hints)]
        claims = words[len(asked) + len(rubric.hints) :]
        for number, hint in enumerate(hints):
            for point, claim in zip(rubric.points, claims, strict=True):
                new, shared = claim - own, (claim & hint) - own
                if len(shared) >= LEAST_SHARED and len(shared) >= GIVEN_AWAY * len(new):
                    given.add((number, point.id))
    return iter(sorted(given))


def _content_words(found: Iterable[Token]) -> set[str]:
    """Terms by their id, English words by their stem, other content words as Kiwi gives them."""
    words = set()
    for token in found:
        if token.term:
            words.add(f"#{token.term}")
        elif token.tag.startswith(_CONTENT_TAGS) and token.form not in _EMPTY_WORDS:
            words.add(stem(token.form) if token.form.isascii() else token.form)
    return words


# --- The document beside all files ------------------------------------------------------------------------------------


def _uncovered(bank: QuestionBank, document: str, rubrics: Iterable[Rubric], named: set[str]) -> Iterator[Fault]:
    """Questions without a rubric, and answer lines that are no point's source, no erratum and not set aside.

    Nothing is said about a question that is named in a file whose form is wrong: that fault comes first.
    """
    by_id = {rubric.id: rubric for rubric in rubrics}
    for question in bank:
        rubric = by_id.get(question.id)
        if rubric is None:
            if question.id not in named:
                yield Fault(document, question.lines[0], f"question {question.id} has no rubric")
            continue
        cited = {line for point in rubric.points for line in point.source}
        cited |= {erratum.line for erratum in rubric.errata} | {aside.line for aside in rubric.set_aside}
        for answer in question.answers:
            if not cited.intersection(range(answer.lines[0], answer.lines[1] + 1)):
                what = "is the source of no point, no erratum and not set aside"
                yield Fault(document, answer.lines[0], f"{question.id}: this answer line {what}")
        if not question.answers and all(erratum.kind != "missing" for erratum in rubric.errata):
            what = "has no answer in the document, and its rubric no erratum of kind 'missing' that says so"
            yield Fault(document, question.lines[0], f"question {question.id} {what}")
