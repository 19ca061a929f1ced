"""Find a rubric's claims in a reply that has been read into clauses.

A rubric says for each point which concepts together make the claim (``knowledge/README.md`` tells the pattern language).
Here its forms are compiled to the same morphemes that replies are read into, once a question, and looked up.

    matcher = Matcher(rubric, question.text)
    found = matcher(read("sigmoid는 exp 연산 때문에 비싸요"))
    found.points                 # {"cheap": Match("hit", start=0, end=25)}

A pattern is looked for at each clause: in the clause itself, then in the clauses before it in the same sentence, then among
topics and headings carried forward; never across a reply. A clause that speaks of a concept or of its opposite speaks for
itself: nothing is taken from elsewhere for it. Each concept of a pattern is found as wanted or turned round (negated, or
its opposite is said); an even number of turns makes the same claim ("sigmoid가 비싸다" for "ReLU가 싸다"), an odd one the
opposite claim.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from interviewer.reading import AFFIRMED, CONDITIONAL, NEGATED, Clause, Word, content_words, keys_of
from interviewer.spelling import spelled
from knowledge.rubric import Rubric

__all__ = ["Found", "Match", "Matcher"]

SAME, TURNED = 0, 1

BY_OPPOSITE, UNSAID = -1, -2
"""What turns a concept round besides a negation's place: its opposite is said, or the negation asked for is not."""

WHOLE_PHRASE = 3
"""What a concept of regular expressions alone counts for when patterns are compared: it is a whole phrase."""

ENOUGH_TO_TURN = 3
"""How much a pattern must say for its negation to be the opposite claim; two words, one of them negated, may be about
anything ("단어를 안 보고 빈칸을 메운다")."""

LOOK_BACK = 2
"""Clauses before a clause that belong to the same statement."""

MAX_GAP = 2
"""Content words that may stand between two words of one form."""

PREVENT = frozenset({"막", "방지", "예방", "prevent", "avoid"})
"""Keys of a concept that "…하지 않게" says without the word."""


@dataclass(frozen=True)
class Found:
    """A concept in a clause. ``negated`` and ``negation`` are as in ``reading``; ``own``: the words are the question's."""

    negated: int
    yardstick: bool
    topic: bool
    own: bool
    negation: int = 0


@dataclass(frozen=True)
class Match:
    """A claim in the reply: offsets into its NFC text."""

    verdict: Literal["hit", "partial", "contradicted"]
    start: int
    end: int


class Matches(NamedTuple):
    """What a reply says to a question: the verdicts on points and the misconceptions, by id, and the clauses that say so.

    ``telling`` are the clauses with any of the question's concepts that is not found in silence too (one that is there
    where something else is not); the others are filler as far as the rubric knows.
    """

    points: dict[str, Match]
    misconceptions: dict[str, Match]
    telling: list[Clause]


class _Span(NamedTuple):
    """Where a pattern of ``size`` concepts was found."""

    size: int
    start: int
    end: int


NOWHERE = _Span(0, 0, 0)


@dataclass(frozen=True)
class _Form:
    """One way of writing a concept; one that is negated itself ("라벨 없이") is found only where it is negated."""

    name: str
    keys: tuple[str, ...]
    negated: bool


@dataclass(frozen=True)
class _Atom:
    name: str
    wants: int


@dataclass(frozen=True)
class _Pattern:
    """Groups that must all be found, the atoms of one group in the very same clause; ``size`` is how much it says."""

    groups: tuple[tuple[_Atom, ...], ...]
    names: frozenset[str]
    size: int


_Hits = Mapping[str, Sequence[Found]]


class Matcher:
    """A question's concepts and patterns, compiled. Words of the question alone make no claim."""

    def __init__(self, rubric: Rubric, question: str) -> None:
        self._forms: dict[str, list[_Form]] = {}
        self._joined: dict[str, list[str]] = {}
        self._preventing: set[str] = set()
        self._own = {word.key for asked in (question, rubric.question["en"]) for word in content_words(asked)}
        forms = [(name, form) for name, written in rubric.concepts.items() for form in written]
        plain = [(name, form) for name, form in forms if not _is_regex(form)]
        self._regexes = [(name, re.compile(form[1:-1]).search) for name, form in forms if _is_regex(form)]
        self._silent = {name for name, search in self._regexes if search("")}
        for (name, form), found in zip(plain, _keys([form for _, form in plain]), strict=True):
            self._add_form(name, form, found or (form.lower(),))
        sizes = {name: WHOLE_PHRASE for name, written in rubric.concepts.items() if all(map(_is_regex, written))}
        self._points = {
            point.id: [[_parse(p, sizes) for p in kind] for kind in (point.said, point.partly, point.denied)]
            for point in rubric.points
        }
        opposites: dict[str, set[str]] = {}
        for one, other in rubric.opposites:
            opposites.setdefault(one, set()).add(other)
            opposites.setdefault(other, set()).add(one)
        self._opposites = {name: frozenset(others) for name, others in opposites.items()}
        self._misconceptions = {one.id: [_parse(p, sizes) for p in one.said] for one in rubric.misconceptions}
        self._vocabulary = {key for forms_of in self._forms.values() for form in forms_of for key in form.keys}
        self._typos: dict[str, str] = {}
        self._long = sorted(key for key in self._vocabulary if _may_be_mistyped(key))

    def __call__(self, clauses: Sequence[Clause]) -> Matches:
        """What the clauses say; points that they don't speak to have no verdict."""
        views = self._views([self._mended(clause) for clause in clauses])
        said = {name for view in views for name in view.hits[view.index]}
        said |= {name for one in said for name in self._opposites.get(one, ())}
        points = {}
        for point_id, patterns in self._points.items():
            possible = [[p for p in kind if p.names <= said] for kind in patterns]
            match = self._best(views, *possible) if any(possible) else None
            if match:
                points[point_id] = match
        misconceptions = {}
        meant = [view for view in views if not view.clauses[view.index].supposed]
        for misconception_id, wrong in self._misconceptions.items():
            span = _largest(meant, [p for p in wrong if p.names <= said], SAME)
            if span.size:
                misconceptions[misconception_id] = Match("hit", span.start, span.end)
        telling = [view.clauses[view.index] for view in views if view.hits[view.index].keys() - self._silent]
        return Matches(points, misconceptions, telling)

    def _best(
        self, views: Sequence[_View], said: list[_Pattern], partly: list[_Pattern], denied: list[_Pattern]
    ) -> Match | None:
        hit = _largest(views, said, SAME)
        meant = [view for view in views if not view.clauses[view.index].supposed]
        turned = _largest(meant, said, TURNED)
        if hit.size >= ENOUGH_TO_TURN and hit.start < turned.end and turned.start < hit.end:
            turned = NOWHERE  # the claim is made by a negation that another pattern knows
        against = max(_largest(meant, denied, SAME), turned)
        if hit.size and against.size:
            overlap = hit.start < against.end and against.start < hit.end
            if against.size > hit.size or (against.size == hit.size and overlap):
                return Match("contradicted", against.start, against.end)
            return Match("partial" if against.size == hit.size else "hit", hit.start, hit.end)
        if hit.size:
            return Match("hit", hit.start, hit.end)
        if against.size:
            return Match("contradicted", against.start, against.end)
        part = _largest(views, partly, SAME)
        return Match("partial", part.start, part.end) if part.size else None

    def _views(self, clauses: Sequence[Clause]) -> list[_View]:
        hits = [self._concepts(clause) for clause in clauses]
        views: list[_View] = []
        topic: _Hits = {}
        heading: _Hits = {}
        for index, clause in enumerate(clauses):
            if clause.heading:
                heading = hits[index]
            before = []
            for other in range(index - 1, max(-1, index - 1 - LOOK_BACK), -1):
                same = clauses[other].sentence == clause.sentence
                linked = clause.linked and other == index - 1 and clauses[other].sentence == clause.sentence - 1
                if clause.listed or clauses[other].heading or not (same or linked):
                    break
                before.append(other)
            views.append(_View(clauses, hits, index, before, {**heading, **topic}, self._opposites))
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

    def _add_form(self, name: str, form: str, keys: tuple[str, ...]) -> None:
        negated = keys[-1:] == ("!",)
        keys = keys[:-1] if negated else keys
        if not keys:
            return
        self._forms.setdefault(keys[0], []).append(_Form(name, keys, negated))
        joined = "".join(form.lower().split())
        if len(joined) > 2 and not negated:
            self._joined.setdefault(joined, []).append(name)
        if keys[0] in PREVENT and len(keys) == 1:
            self._preventing.add(name)

    def _concepts(self, clause: Clause) -> dict[str, list[Found]]:
        """The concepts in a clause, each as often as it is said."""
        found: dict[str, list[Found]] = {}
        words = clause.words
        for index, word in enumerate(words):
            for key in (word.key, *word.parts):
                for form in self._forms.get(key, ()):
                    span = _span(words, index, form.keys)
                    if span and not form.negated:
                        found.setdefault(form.name, []).append(self._found(span))
                    elif span and any(one.negated for one in span):
                        found.setdefault(form.name, []).append(replace(self._found(span), negated=AFFIRMED))
            joined = ""
            for stop in range(index, min(index + 4, len(words))):
                joined += words[stop].form.replace(" ", "").replace("-", "")
                for name in self._joined.get(joined, ()):
                    found.setdefault(name, []).append(self._found(words[index : stop + 1]))
        seen = spelled(clause)
        for name, search in self._regexes:
            match = search(seen.text)
            if match:
                inside = seen.inside(*match.span())
                one = self._found(inside) if inside else Found(AFFIRMED, False, False, False)
                wholly = all(word.negated == NEGATED for word in inside)
                found.setdefault(name, []).append(one if wholly else replace(one, negated=AFFIRMED, negation=0))
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
            max((w.negation for w in words if w.negated == NEGATED), default=0),
        )


@dataclass
class _View:
    """What can be found at one clause: its own concepts, those of the clauses before it, and those carried forward."""

    clauses: Sequence[Clause]
    hits: Sequence[_Hits]
    index: int
    before: Sequence[int]
    carried: _Hits
    opposites: Mapping[str, frozenset[str]]

    def __post_init__(self) -> None:
        own = {name for name, found in self.hits[self.index].items() if any(not one.yardstick for one in found)}
        self.spoken_of = own.union(*(self.opposites.get(name, ()) for name in own))

    def find(self, pattern: _Pattern, parity: int) -> tuple[int, int] | None:
        """The span of a pattern here, if it is found with this parity of turned concepts."""
        if self.clauses[self.index].listed or self.spoken_of.isdisjoint(pattern.names):
            return None
        used = {self.index}
        turns: Counter[int] = Counter()
        own, fresh = False, False
        for group in pattern.groups:
            found = self._group(group)
            if found is None:
                return None
            place, turned, new = found
            turns.update(turned)
            if place is not None:
                used.add(place)
                own = own or place == self.index
                fresh = fresh or new
        odd = (turns[BY_OPPOSITE] + sum(1 for cause in turns if cause != BY_OPPOSITE)) % 2
        if not own or not fresh or odd != parity:
            return None
        if parity == TURNED and (len(used) > 1 or len(pattern.names) < 2 or pattern.size < ENOUGH_TO_TURN):
            return None
        return min(self.clauses[p].start for p in used), max(self.clauses[p].end for p in used)

    def _group(self, group: Sequence[_Atom]) -> tuple[int | None, list[int], bool] | None:
        """The clause in which the group's atoms stand (None: carried), what turns them round, and whether any is new."""
        places = [self.index] if any(atom.name in self.spoken_of for atom in group) else [self.index, *self.before]
        for place in places:
            states = [_state(self.hits[place], atom, self.opposites) for atom in group]
            if None not in states:
                new = any(not f.own for atom in group for f in _all(self.hits[place], atom.name, self.opposites))
                return place, [cause for state in states if state for cause in state], new
        if len(group) == 1 and group[0].name not in self.spoken_of:
            state = _state(self.carried, group[0], self.opposites)
            if state is not None:
                return None, list(state), False
        return None


def _all(hits: _Hits, name: str, opposites: Mapping[str, frozenset[str]]) -> list[Found]:
    names = (name, *opposites.get(name, ()))
    return [found for one in names for found in hits.get(one, ()) if not found.yardstick]


def _state(hits: _Hits, atom: _Atom, opposites: Mapping[str, frozenset[str]]) -> tuple[int, ...] | None:
    """What turns an atom round among these concepts: nothing, a negation (its place), the opposite concept, or both.

    None if the atom is not there at all. Where it is there more than once, the least turned counts.
    """
    states = set()
    for name in (atom.name, *opposites.get(atom.name, ())):
        for found in hits.get(name, ()):
            if not found.yardstick:
                causes = () if found.negated in (CONDITIONAL, atom.wants) else (found.negation or UNSAID,)
                states.add(causes if name == atom.name else (*causes, BY_OPPOSITE))
    return min(states, key=lambda causes: (len(causes) % 2, len(causes), causes)) if states else None


def _largest(views: Iterable[_View], patterns: Sequence[_Pattern], parity: int) -> _Span:
    """The first place of the pattern that says most; the more it says, the surer it is."""
    best = NOWHERE
    for view in views:
        for pattern in patterns:
            if pattern.size > best.size and (span := view.find(pattern, parity)):
                best = _Span(pattern.size, *span)
    return best


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


_known_keys: dict[str, tuple[str, ...]] = {}


def _keys(forms: Sequence[str]) -> list[tuple[str, ...]]:
    """The keys of forms; the questions of a topic share many, which Kiwi need not read again."""
    new = list(dict.fromkeys(form for form in forms if form not in _known_keys))
    _known_keys.update(zip(new, keys_of([_conjugated(form) for form in new]), strict=True))
    return [_known_keys[form] for form in forms]


def _conjugated(form: str) -> str:
    """A dictionary form as it is said in a sentence: "줄이다" alone reads as "줄 + 이다" ("is a line")."""
    return f"{form[:-1]}고 있는 것" if len(form) > 1 and form.endswith("다") else form


def _is_regex(form: str) -> bool:
    return len(form) > 2 and form.startswith("/") and form.endswith("/")


def _parse(pattern: str, sizes: Mapping[str, int]) -> _Pattern:
    """A pattern as it is written; ``sizes`` are those of concepts that count for more than one."""
    groups = []
    for part in pattern.split():
        atoms = [
            _Atom(name.removeprefix("!"), NEGATED if name.startswith("!") else AFFIRMED) for name in part.split("~")
        ]
        groups.append(tuple(atoms))
    names = [atom.name for group in groups for atom in group]
    return _Pattern(tuple(groups), frozenset(names), sum(sizes.get(name, 1) for name in names))


def _may_be_mistyped(key: str) -> bool:
    """Long enough that one wrong letter leaves no doubt which word is meant."""
    return not key.startswith("#") and (
        len(key) >= 6 if key.isascii() and key.isalpha() else len(key) >= 3 and key.isalpha()
    )


def _letters(key: str) -> str:
    """Hangul syllables as their letters, so that one wrong letter is a distance of one."""
    return unicodedata.normalize("NFD", key)
