"""Draft rubrics for an imported document, for a person to review.

    draft = Drafter(ask)                             # ask: messages in, the model's text out
    topic = draft(bank, "3")                         # a valid Topic, or DraftRefused
    topic = plain_draft(bank, "3")                   # without a model, from the document's own sentences
    write_draft(topic, folder / "drafts")            # drafts/03.yaml

A draft is never graded by: it lies in ``drafts/`` beside ``rubrics/`` until its reviewer moves it there. What a model
writes is data like any other: it must be a rubric in every detail and speak of the right questions and lines, or nothing
of it is written.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from knowledge.answer_key import from_answers
from knowledge.document import Question, QuestionBank
from knowledge.language import lexicon, stem, tokens
from knowledge.rubric import Misconception, Point, Rubric, Text, Topic

__all__ = ["DraftRefused", "Drafter", "Message", "draft_path", "plain_draft", "write_draft"]

Message = tuple[Literal["system", "human", "ai"], str]

_HEADER = """\
# A draft, graded by nobody. Review each claim, then move this file to ../rubrics/{name}.
# How to write a rubric: knowledge/README.md. What is left to do:
# python -m knowledge check --document {document} --folder {folder}
"""
_FENCED = re.compile(r"```(?:json|yaml)?\s*\n(.*?)\n\s*```", re.DOTALL)
_LONGEST_ANSWER = 400_000


class DraftRefused(Exception):
    """What a model wrote is no rubric; one line says why."""


class Drafter:
    """Has a chat model draft a topic, and once mend what is wrong with it.

    Args:
        ask: sends messages to a chat model and returns the text of its answer.
        instructions: the rendered prompt (``prompts/draft``).
    """

    def __init__(self, ask: Callable[[Sequence[Message]], str], instructions: str) -> None:
        self._ask, self._instructions = ask, instructions

    def __call__(self, bank: QuestionBank, main_id: str) -> Topic:
        """The topic of a main question.

        Raises:
            DraftRefused: twice no valid rubric.
        """
        messages: list[Message] = [("system", self._instructions), ("human", _task(bank, main_id))]
        answer = self._ask(messages)
        try:
            return _topic(answer, bank, main_id)
        except DraftRefused as refused:
            note = f"This can't be used: {refused}. Answer again with the whole JSON object, mended."
        return _topic(self._ask([*messages, ("ai", answer), ("human", note)]), bank, main_id)


def draft_path(folder: Path, main_id: str) -> Path:
    """The file of a topic, named as rubric files are."""
    return folder / f"{int(main_id):02d}.yaml"


def write_draft(topic: Topic, folder: Path) -> Path:
    """Write a topic in the form of a rubric file, whole or not at all, into a folder beside its ``document.txt``.

    Raises:
        DraftRefused: the topic can't be written so that it reads the same again.
    """
    path = draft_path(folder, topic.questions[0].id.partition(".")[0])
    data = topic.model_dump(mode="json", exclude_defaults=True)
    text = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    if Topic.model_validate(yaml.load(text, yaml.CSafeLoader)) != topic:
        raise DraftRefused("its text holds characters that YAML can't")
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    document, where = shlex.quote(folder.parent.name), shlex.quote(str(folder))
    part.write_text(_HEADER.format(name=path.name, document=document, folder=where) + text, encoding="utf-8")
    part.replace(path)
    return path


class _Dumper(yaml.SafeDumper):
    """YAML as rubrics are written by hand: lists of words in one line, all else below each other."""


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    flow = all(isinstance(item, str | int) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


_Dumper.add_representer(list, _list)


def _family(bank: QuestionBank, main_id: str) -> tuple[Question, ...]:
    return (bank[main_id], *bank.follow_ups(main_id))


def _task(bank: QuestionBank, main_id: str) -> str:
    questions = [
        {
            "id": question.id,
            "line": question.lines[0],
            "text": question.text,
            "answers": [{"line": answer.lines[0], "text": answer.text} for answer in question.answers],
        }
        for question in _family(bank, main_id)
    ]
    return json.dumps({"document": bank.name, "questions": questions}, ensure_ascii=False)


def _topic(answer: str, bank: QuestionBank, main_id: str) -> Topic:
    """The model's answer as a topic that speaks of the right questions and of their own lines.

    Raises:
        DraftRefused: it is none.
    """
    try:
        topic = Topic.model_validate(_data(answer))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise DraftRefused(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
    family = {question.id: question for question in _family(bank, main_id)}
    if [rubric.id for rubric in topic.questions] != list(family):
        given = ", ".join(rubric.id for rubric in topic.questions)
        raise DraftRefused(f"the rubrics are of {given}, but must be of {', '.join(family)}, in this order")
    for rubric in topic.questions:
        first_line, last_line = family[rubric.id].lines
        for line in _lines(rubric):
            if not first_line <= line <= last_line:
                raise DraftRefused(f"{rubric.id}: line {line} is not of this question ({first_line}–{last_line})")
    return topic


def _lines(rubric: Rubric) -> Iterator[int]:
    yield from (line for point in rubric.points for line in point.source)
    yield from (erratum.line for erratum in rubric.errata)
    yield from (aside.line for aside in rubric.set_aside)


def _data(answer: str) -> Any:
    """The JSON object in a model's answer: alone, fenced, or from the first brace to the last."""
    if len(answer) > _LONGEST_ANSWER:
        raise DraftRefused(f"the answer has {len(answer):,} characters")
    fenced = _FENCED.search(answer)
    for text in (fenced[1] if fenced else "", answer[answer.find("{") : answer.rfind("}") + 1]):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            return data
    raise DraftRefused("the answer holds no JSON object")


# --- Without a model --------------------------------------------------------------------------------------------------

_FEWEST_POINTS, _MOST_POINTS = 2, 7
_WORDS_A_POINT = 4
_WORDS_A_PATTERN = 3
_CONTENT_TAGS = ("NNG", "NNP", "XR", "VV", "VA", "SL")
_COMMON = frozenset("것 거 수 때 때문 점 등 중 후 전 정도 경우 하 되 있 없 같 이렇 그렇 말하 쓰 보 나오 생기".split())
_REASON = ("때문", "이유", "덕분", "예를 들어", "because", "since", "for example", "e.g.")

_WHY = Text(ko="그 이유나 예를 함께 말한다.", en="It gives the reason or an example with it.")
_PROBE = Text(ko="조금 더 구체적으로 말해 주시겠어요?", en="Could you be more specific?")
_HINTS = (
    Text(ko="질문에 나온 말의 뜻부터 짚어 보세요.", en="Start from what the words of the question mean."),
    Text(
        ko="왜 그런지, 그렇지 않으면 어떻게 되는지 생각해 보세요.",
        en="Ask why it is so, and what would happen if it were not.",
    ),
    Text(ko="실제로 겪은 예를 하나 떠올려 보세요.", en="Think of one case that you have met in practice."),
)


def plain_draft(bank: QuestionBank, main_id: str) -> Topic:
    """A draft from the document's own sentences: its claims are the points, its content words the concepts.

    It finds what is said in the document's words, and little else; English and corrections are left to the reviewer.

    Raises:
        DraftRefused: no question of the topic has an answer to draft from.
    """
    rubrics = [rubric for question in _family(bank, main_id) if (rubric := _plain_rubric(bank, question)) is not None]
    if not rubrics:
        raise DraftRefused("no answer to draft from; write this rubric by hand")
    title = bank[main_id].text
    return Topic(topic=Text(ko=title, en=title), questions=tuple(rubrics))


def _plain_rubric(bank: QuestionBank, question: Question) -> Rubric | None:
    """A question's rubric, None without a claim that has words of its own."""
    own = {name for name, _ in _named_words(question.text)}
    concepts: dict[str, tuple[str, ...]] = {}
    points: list[Point] = []
    for point in from_answers(bank, question.id).points:
        words = [(name, forms) for name, forms in _named_words(point.statement.ko) if name not in own]
        chosen = dict(words[:_WORDS_A_POINT])
        if chosen and len(points) < _MOST_POINTS:
            concepts.update(chosen)
            number, source = len(points) + 1, tuple(line for line, _ in point.lines)
            points.append(_plain_point(number, point.statement, source, list(chosen)))
    if not points:
        return None
    first = points[0].said[0]
    if len(points) < _FEWEST_POINTS:
        concepts["reason"] = _REASON
        points.append(_plain_point(2, _WHY, (), ["reason", first.split()[0]]))
    answer = " ".join(" ".join(answer.text.split()) for answer in question.answers)
    denied = Text(
        ko=f"다음은 사실이 아니라고 한다: {points[0].statement.ko}", en=f"It denies: {points[0].statement.en}"
    )
    return Rubric(
        id=question.id,
        question={"en": question.text},
        concepts=concepts,
        points=tuple(points),
        full_marks_at=max(1, round(0.9 * sum(point.weight for point in points))),
        misconceptions=(
            Misconception(
                id="denies-the-first-point",
                statement=denied,
                examples=(denied.ko,),
                said=(" ".join([f"!{first.split()[0]}", *first.split()[1:]]),),
                correction=points[0].statement,
                penalty=0,
            ),
        ),
        hints=_HINTS,
        model_answer=Text(ko=answer, en=answer),
        references=(f"{bank.name}, {question.lines[0]}–{question.lines[1]}",),
    )


def _plain_point(number: int, statement: Text, source: tuple[int, ...], words: list[str]) -> Point:
    """A claim that is said by most of its words, and partly said by two neighbours of them."""
    said = tuple(map(" ".join, itertools.combinations(words, min(len(words), _WORDS_A_PATTERN))))
    return Point(
        id=f"point-{number}",
        statement=statement,
        weight=2 if number == 1 else 1,
        core=number == 1,
        source=source,
        said=said,
        partly=tuple(map(" ".join, itertools.pairwise(words))) if len(words) >= _WORDS_A_PATTERN else (),
        probe=_PROBE,
    )


def _named_words(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """A text's content words by concept name, each with its forms; terms first, then in the text's order."""
    terms: dict[str, tuple[str, ...]] = {}
    words: dict[str, tuple[str, ...]] = {}
    for token in tokens(text):
        if token.term:
            terms[_concept(token.term)] = tuple(dict.fromkeys([*lexicon()[token.term], token.form]))
        elif token.tag.startswith(_CONTENT_TAGS) and token.form not in _COMMON and len(token.form) > 1:
            form = f"{token.form}다" if token.tag.startswith(("VV", "VA")) else token.form
            words[_concept(stem(token.form) if token.form.isascii() else token.form)] = (form,)
    return [*terms.items(), *((name, forms) for name, forms in words.items() if name not in terms)]


def _concept(word: str) -> str:
    """A concept's name: letters, digits and underscores of ASCII. Hangul is written by its code points."""
    name = "".join(letter if letter.isascii() and letter.isalnum() else f"_{ord(letter):x}_" for letter in word.lower())
    name = re.sub(r"_+", "_", name.replace("_2d_", "_")).strip("_")
    return name if name[:1].isalpha() else f"w_{name}"
