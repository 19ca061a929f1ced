"""Find a rubric's claims in a reply that has been read into clauses.

A rubric says for each point which concepts together make the claim (``knowledge/README.md`` tells the pattern language).
Here its forms are compiled to the same morphemes that replies are read into, once a question, and looked up.

    matcher = Matcher(rubric, question.text)
    matcher.points(read("sigmoid는 exp 연산 때문에 비싸요"))
    # {"cheap": Match("hit", start=0, end=25)}

A pattern is found in one clause with its neighbours in the sentence, with topics and headings carried forward from
before; never across a reply. A concept that is negated matches only ``!concept``; a ``said`` pattern with exactly one of its
concepts turned round is the opposite claim.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from interviewer.reading import AFFIRMED, CONDITIONAL, NEGATED, Clause, Word, content_words
from knowledge.rubric import Rubric

__all__ = ["Found", "Match", "Matcher"]

MAX_GAP = 2
"""Content words that may stand between two words of one form."""

PREVENT = frozenset({"막", "방지", "예방", "prevent", "avoid"})
"""Keys of a concept that "…하지 않게" says without the word."""


@dataclass(frozen=True)
class Found:
    """A concept in a clause. ``negated`` is as in ``reading``; ``own`` tells that the words are the question's own."""

    negated: int
    yardstick: bool
    topic: bool
    own: bool


@dataclass(frozen=True)
class Match:
    """A claim in the reply: offsets into its NFC text."""

    verdict: Literal["hit", "partial", "contradicted"]
    start: int
    end: int


@dataclass(frozen=True)
class _Atom:
    name: str
    wants: int


_Pattern = tuple[tuple[_Atom, ...], ...]
"""Groups that must all be found; the atoms of one group in the very same clause."""

_Hits = Mapping[str, Sequence[Found]]


class Matcher:
    """A question's concepts and patterns, compiled. Words of the question alone make no claim."""

    def __init__(self, rubric: Rubric, question: str) -> None:
        self._forms: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._joined: dict[str, list[str]] = {}
        self._regexes: list[tuple[str, re.Pattern[str]]] = []
        self._preventing: set[str] = set()
        self._own = {word.key for asked in (question, rubric.question["en"]) for word in content_words(asked)}
        for name, forms in rubric.concepts.items():
            for form in forms:
                self._add_form(name, form)
        self._points = {
            point.id: (
                [_parse(p) for p in point.said],
                [_parse(p) for p in point.partly],
                [_parse(p) for p in point.denied],
            )
            for point in rubric.points
        }
        self._misconceptions = {one.id: [_parse(p) for p in one.said] for one in rubric.misconceptions}
        self._vocabulary = {key for pairs in self._forms.values() for _, keys in pairs for key in keys}
        self._typos: dict[str, str] = {}
        self._long = sorted(key for key in self._vocabulary if _may_be_mistyped(key))

    def points(self, clauses: Sequence[Clause]) -> dict[str, Match]:
        """The best match of each point that is spoken to."""
        views = self._views([self._mended(clause) for clause in clauses])
        found = {}
        for point_id, (said, partly, denied) in self._points.items():
            match = self._best(views, said, partly, denied)
            if match:
                found[point_id] = match
        return found

    def misconceptions(self, clauses: Sequence[Clause]) -> dict[str, Match]:
        """The misconceptions that the reply states."""
        views = self._views([self._mended(clause) for clause in clauses])
        found = {}
        for misconception_id, said in self._misconceptions.items():
            for view in views:
                span = next((s for p in said if (s := view.find(p))), None)
                if span:
                    found[misconception_id] = Match("hit", *span)
                    break
        return found

    def _best(
        self, views: Sequence[_View], said: list[_Pattern], partly: list[_Pattern], denied: list[_Pattern]
    ) -> Match | None:
        hit = _first(views, said)
        opposed = _first(views, denied)
        if hit and not opposed:
            return Match("hit", *hit)
        if hit and opposed:
            return Match("partial", *hit) if hit != opposed else Match("contradicted", *opposed)
        if opposed:
            return Match("contradicted", *opposed)
        turned = next((s for v in views for p in said if (s := v.find(p, turned=True))), None)
        part = _first(views, partly)
        if turned and not (part and part != turned):
            return Match("contradicted", *turned)
        return Match("partial", *part) if part else None

    def _views(self, clauses: Sequence[Clause]) -> list[_View]:
        hits = [self._concepts(clause) for clause in clauses]
        views: list[_View] = []
        topic: _Hits = {}
        heading: _Hits = {}
        for index, clause in enumerate(clauses):
            if clause.heading:
                heading = {name: found for name, found in hits[index].items()}
            neighbours = [
                other
                for other in (index - 1, index + 1)
                if 0 <= other < len(clauses)
                and not clause.listed
                and not clauses[other].heading
                and (
                    clauses[other].sentence == clause.sentence
                    or (other == index - 1 and clause.linked and clauses[other].sentence == clause.sentence - 1)
                )
            ]
            views.append(_View(clauses, hits, index, neighbours, {**heading, **topic}))
            named = {n: [f for f in found if f.topic and not f.yardstick] for n, found in hits[index].items()}
            named = {n: found for n, found in named.items() if found}
            if named:
                topic = named
        return views

    def _mended(self, clause: Clause) -> Clause:
        """The clause with words that are one letter from a word of this question's taken for it."""
        for word in clause.words:
            if word.key in self._vocabulary or not _may_be_mistyped(word.key):
                continue
            if word.key not in self._typos:
                close = process.extractOne(
                    word.key, self._long, processor=_letters, scorer=DamerauLevenshtein.distance, score_cutoff=1
                )
                self._typos[word.key] = close[0] if close else word.key
            word.key = self._typos[word.key]
        return clause

    def _add_form(self, name: str, form: str) -> None:
        if len(form) > 2 and form.startswith("/") and form.endswith("/"):
            self._regexes.append((name, re.compile(form[1:-1])))
            return
        keys = tuple(word.key for word in content_words(_conjugated(form)))
        if not keys:
            keys = (form.lower(),)
        self._forms.setdefault(keys[0], []).append((name, keys))
        joined = "".join(form.lower().split())
        if len(joined) > 2:
            self._joined.setdefault(joined, []).append(name)
        if keys[0] in PREVENT and len(keys) == 1:
            self._preventing.add(name)

    def _concepts(self, clause: Clause) -> dict[str, list[Found]]:
        """The concepts in a clause, each as often as it is said."""
        found: dict[str, list[Found]] = {}
        words = clause.words
        for index, word in enumerate(words):
            for key in (word.key, *word.parts):
                for name, keys in self._forms.get(key, ()):
                    span = _span(words, index, keys)
                    if span:
                        found.setdefault(name, []).append(self._found(span))
            joined = ""
            for stop in range(index, min(index + 4, len(words))):
                joined += words[stop].form.replace(" ", "").replace("-", "")
                for name in self._joined.get(joined, ()):
                    found.setdefault(name, []).append(self._found(words[index : stop + 1]))
        lowered = clause.text.lower()
        for name, regex in self._regexes:
            match = regex.search(lowered)
            if match:
                start, end = clause.start + match.start(), clause.start + match.end()
                inside = [w for w in words if w.start < end and w.end > start]
                found.setdefault(name, []).append(self._found(inside) if inside else Found(AFFIRMED, False, False, False))
        if clause.prevents:
            for name in self._preventing:
                found.setdefault(name, []).append(Found(AFFIRMED, False, False, False))
        return found

    def _found(self, words: Sequence[Word]) -> Found:
        polarity = max((w.negated for w in words), key=lambda n: (n == NEGATED, n))
        return Found(
            polarity,
            any(w.yardstick for w in words),
            any(w.topic for w in words),
            all(w.key in self._own for w in words),
        )


@dataclass
class _View:
    """What can be found at one clause: its own concepts, its neighbours', and those carried forward."""

    clauses: Sequence[Clause]
    hits: Sequence[Mapping[str, Sequence[Found]]]
    index: int
    neighbours: Sequence[int]
    carried: _Hits

    def find(self, pattern: _Pattern, turned: bool = False) -> tuple[int, int] | None:
        """The span of a pattern here; with ``turned``, of the pattern with exactly one atom the other way round."""
        places = (self.index, *self.neighbours)
        used: set[int] = set()
        opposite = 0
        fresh = False
        for group in pattern:
            options = [(p, o, n) for p in places if (o := self._group(group, p, turned)) is not None for n in [self._new(group, p)]]
            if not options:
                if len(group) == 1 and self._carries(group[0]):
                    continue
                return None
            place, turns, new = min(options, key=lambda option: (option[1], option[0] != self.index))
            used.add(place)
            opposite += turns
            fresh = fresh or new
        if self.index not in used or not fresh:
            return None
        if opposite != (1 if turned else 0):
            return None
        if len(pattern) == 1 and len(pattern[0]) == 1 and self.clauses[self.index].listed:
            return None
        return min(self.clauses[p].start for p in used), max(self.clauses[p].end for p in used)

    def _group(self, group: Sequence[_Atom], place: int, turned: bool) -> int | None:
        """How many atoms of the group stand turned round in this clause; None if one does not stand there at all."""
        turns = 0
        for atom in group:
            states = [_state(found, atom) for found in self.hits[place].get(atom.name, ()) if not found.yardstick]
            if "same" in states:
                continue
            if turned and "opposite" in states:
                turns += 1
                continue
            return None
        return turns

    def _new(self, group: Sequence[_Atom], place: int) -> bool:
        return any(not f.own for atom in group for f in self.hits[place].get(atom.name, ()))

    def _carries(self, atom: _Atom) -> bool:
        return atom.wants == AFFIRMED and any(f.negated != NEGATED for f in self.carried.get(atom.name, ()))


def _state(found: Found, atom: _Atom) -> str:
    if found.negated == CONDITIONAL or found.negated == atom.wants:
        return "same"
    return "opposite"


def _first(views: Iterable[_View], patterns: Sequence[_Pattern]) -> tuple[int, int] | None:
    return next((span for view in views for pattern in patterns if (span := view.find(pattern))), None)


def _span(words: Sequence[Word], index: int, keys: Sequence[str]) -> list[Word] | None:
    """The words of a form that starts at ``index``, in order and close together; None if it does not stand there."""
    used = [words[index]]
    position = index
    for key in keys[1:]:
        here = words[position]
        if key in here.parts:
            continue
        for step in range(1, MAX_GAP + 2):
            if position + step < len(words) and key in (words[position + step].key, *words[position + step].parts):
                position += step
                used.append(words[position])
                break
        else:
            return None
    return used


def _conjugated(form: str) -> str:
    """A dictionary form as it is said in a sentence: "줄이다" alone reads as "줄 + 이다" ("is a line")."""
    return f"{form[:-1]}지 않는다" if len(form) > 1 and form.endswith("다") else form


def _parse(pattern: str) -> _Pattern:
    groups = []
    for part in pattern.split():
        atoms = [
            _Atom(name.removeprefix("!"), NEGATED if name.startswith("!") else AFFIRMED) for name in part.split("~")
        ]
        groups.append(tuple(atoms))
    return tuple(groups)


def _may_be_mistyped(key: str) -> bool:
    """Long enough that one wrong letter leaves no doubt which word is meant."""
    return not key.startswith("#") and (len(key) >= 6 if key.isascii() and key.isalpha() else len(key) >= 3 and key.isalpha())


def _letters(key: str) -> str:
    """Hangul syllables as their letters, so that one wrong letter is a distance of one."""
    return unicodedata.normalize("NFD", key)
