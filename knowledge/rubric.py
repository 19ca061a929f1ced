"""The reviewed answer key: what a good answer to each question says, and where the document is wrong.

One YAML file a main question (``rubrics/01.yaml``), its follow-ups inside. How to write one is told in
``knowledge/README.md``; the models below are the form, and unknown keys are refused.

    rubrics = load_rubrics()
    rubrics["1"].points[0].statement.ko

Line numbers (``source``, ``errata``, ``set_aside``) are those of the document. Weights are whole numbers;
a question's score grows with the credited weight up to ``full_marks_at`` (``interviewer.judge`` computes it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.errors import RubricError

__all__ = [
    "RUBRICS",
    "Check",
    "Erratum",
    "Expected",
    "FormulaCheck",
    "Misconception",
    "NumberCheck",
    "Point",
    "Rubric",
    "SetAside",
    "Text",
    "Topic",
    "atoms",
    "load_rubrics",
    "load_topic",
    "load_topics",
    "node_line",
]

RUBRICS = Path(__file__).with_name("rubrics")

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Line = Annotated[int, Field(ge=1)]
Pattern = Annotated[str, Field(min_length=1, max_length=400)]

_ATOM = re.compile(r"^!?[a-z][a-z0-9_]*(?:~!?[a-z][a-z0-9_]*)*$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """The same thing said in Korean and in English."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, language: str) -> str:
        return self.en if language == "en" else self.ko


class Point(_Strict):
    """One checkable claim that a good answer makes."""

    id: Slug
    statement: Text
    weight: int = Field(ge=1, le=4)
    core: bool = False
    source: tuple[Line, ...] = ()
    said: tuple[Pattern, ...] = Field(min_length=1)
    partly: tuple[Pattern, ...] = ()
    denied: tuple[Pattern, ...] = ()
    probe: Text


class Misconception(_Strict):
    """A wrong claim as people really make it. ``penalty`` is the weight it takes away; ``line`` an erratum it repeats."""

    id: Slug
    statement: Text
    examples: tuple[str, ...] = Field(min_length=1)
    said: tuple[Pattern, ...] = Field(min_length=1)
    correction: Text
    penalty: int = Field(default=1, ge=0, le=3)
    line: Line | None = None


class Erratum(_Strict):
    """A place where the document is not right, and what is."""

    line: Line
    kind: Literal["wrong", "misleading", "outdated", "circular", "missing"]
    says: Text
    correct: Text
    why: Text
    source: str = Field(min_length=10)


class SetAside(_Strict):
    """An answer line that is no claim to grade: an opinion, an experience, a joke, context."""

    line: Line
    kind: Literal["opinion", "context"]
    reason: Text


class Expected(_Strict):
    """A value that a reply may give, as an expression over the parameters, and what giving it means."""

    expression: str = Field(min_length=1, max_length=200)
    meaning: Text
    verdict: Literal["hit", "partial", "contradicted"] = "hit"


class NumberCheck(_Strict):
    """A number to be computed. ``ask`` states the task with ``{parameter}`` in place; ``vary`` lists fresh values."""

    kind: Literal["number"]
    point: Slug
    ask: Text
    parameters: dict[str, float | int]
    vary: dict[str, tuple[float | int, ...]]
    answers: tuple[Expected, ...] = Field(min_length=1)
    unit: Literal["", "parameters", "bytes", "pixels"] = ""
    tolerance: float = Field(default=0.0, ge=0, le=0.5)


class FormulaCheck(_Strict):
    """A formula to be written. Each accepted or rejected system is one or more equations or expressions."""

    kind: Literal["formula"]
    point: Slug
    symbols: dict[str, tuple[str, ...]]
    accept: tuple[tuple[str, ...], ...] = Field(min_length=1)
    reject: tuple[tuple[str, ...], ...] = ()


Check = Annotated[NumberCheck | FormulaCheck, Field(discriminator="kind")]


class Rubric(_Strict):
    """What a good answer to one question says, what people get wrong, and what the document gets wrong."""

    id: str = Field(pattern=r"^\d+(\.\d+)?$")
    question: dict[Literal["en"], str]
    context: Text | None = None
    figure: Slug | None = None
    sensible: Text | None = None
    concepts: dict[str, tuple[str, ...]]
    opposites: tuple[tuple[str, str], ...] = ()
    points: tuple[Point, ...] = Field(min_length=2, max_length=7)
    full_marks_at: float = Field(ge=1)
    misconceptions: tuple[Misconception, ...] = Field(min_length=1, max_length=4)
    errata: tuple[Erratum, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    checks: tuple[Check, ...] = ()
    hints: tuple[Text, Text, Text]
    model_answer: Text
    references: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Rubric:
        ids = [point.id for point in self.points] + [m.id for m in self.misconceptions]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"the id '{one}' stands twice")
        total = sum(point.weight for point in self.points)
        if self.full_marks_at > total:
            raise ValueError(f"full_marks_at {self.full_marks_at:g} is more than all points together ({total})")
        points = {point.id for point in self.points}
        for check in self.checks:
            if check.point not in points:
                raise ValueError(f"a check names the point '{check.point}', which does not exist")
        wrong = {erratum.line for erratum in self.errata}
        for point in self.points:
            if resting := wrong.intersection(point.source):
                raise ValueError(f"point '{point.id}' rests on line {min(resting)}, which is an erratum")
        for pair in self.opposites:
            for name in pair:
                if name not in self.concepts:
                    raise ValueError(
                        f"opposites name the concept '{name}', which is not among this question's concepts"
                    )
        for owner, pattern in self.patterns():
            for name in atoms(pattern):
                if name not in self.concepts:
                    raise ValueError(
                        f"'{owner}' names the concept '{name}', which is not among this question's concepts"
                    )
        return self

    def patterns(self) -> Iterator[tuple[str, str]]:
        """Every pattern with the id of the point or misconception that it belongs to."""
        for point in self.points:
            for pattern in (*point.said, *point.partly, *point.denied):
                yield point.id, pattern
        for misconception in self.misconceptions:
            for pattern in misconception.said:
                yield misconception.id, pattern


class Topic(_Strict):
    """A rubric file: a main question and its follow-ups."""

    topic: Text
    questions: tuple[Rubric, ...] = Field(min_length=1)


def atoms(pattern: str) -> list[str]:
    """The concept names in a pattern: ``"sigmoid exp~!cheap"`` → ``["sigmoid", "exp", "cheap"]``.

    Raises:
        ValueError: the pattern is not concept names joined by blanks or ``~``, each with an optional ``!``.
    """
    names: list[str] = []
    for atom in pattern.split():
        if not _ATOM.match(atom):
            raise ValueError(f"'{atom}' in the pattern '{pattern}' is not a concept name")
        names.extend(part.removeprefix("!") for part in atom.split("~"))
    return names


def load_topic(path: Path) -> Topic:
    """Read one rubric file.

    Raises:
        RubricError: not YAML, an unknown or missing key, a wrong value; names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(str(path), None, f"can't be read ({type(error).__name__})") from None
    loader = yaml.CBaseLoader(text)  # values as they are written; the model below gives them their types
    try:
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise RubricError(
            str(path), mark.line + 1 if mark else None, f"not YAML: {getattr(error, 'problem', error)}"
        ) from None
    finally:
        loader.dispose()
    try:
        return Topic.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RubricError(str(path), node_line(node, first["loc"]), f"{place or 'the file'}: {first['msg']}") from None


def load_rubrics(folder: Path = RUBRICS) -> dict[str, Rubric]:
    """All rubrics of a folder by question id, in the files' order.

    Raises:
        RubricError: a file is not valid, or two rubrics have one id.
    """
    rubrics: dict[str, Rubric] = {}
    for path in sorted(folder.glob("*.yaml")):
        for rubric in load_topic(path).questions:
            if rubric.id in rubrics:
                raise RubricError(str(path), None, f"question {rubric.id} has two rubrics")
            rubrics[rubric.id] = rubric
    return rubrics


def load_topics(folder: Path = RUBRICS) -> Mapping[str, Topic]:
    """The rubric files by main question id."""
    return {topic.questions[0].id: topic for topic in map(load_topic, sorted(folder.glob("*.yaml")))}


def node_line(node: yaml.Node | None, location: tuple[Any, ...]) -> int | None:
    """The line (from 1) of the deepest node on a validation error's path."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if pair is None:
                continue
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
