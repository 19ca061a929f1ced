"""A clause as the expressions of a rubric see it: each term of the lexicon in one spelling, whatever was written.

    [korean] = read("그라디언트가 vanishing하는 현상")
    spelled(korean).text        # "기울기가 vanishing하는 현상"
    [english] = read("the grads are small")
    spelled(english).text       # "the gradients are small"

Words are compared by their keys, which are the same for all forms of a term; expressions ("/(기울기|gradient)가 작/") look at
letters, and their authors don't know every form. So they are shown the clause in the spelling that the lexicon puts first
(``knowledge.language.spellings``), and replies that differ in nothing but the forms of terms look the same to them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from interviewer.reading import Clause, Word
from knowledge.language import spellings

__all__ = ["Spelled", "spelled"]

_PARTICLES = (("이", "가"), ("은", "는"), ("을", "를"), ("과", "와"), ("으로", "로"))
_PARTICLE = re.compile("(?:이|가|은|는|을|를|과|와|으로|로)(?![가-힣])")
_HANGUL = re.compile("[가-힣]")
_RIEUL = 8
"""The final consonant ㄹ, behind which "로" stands as behind a vowel."""


class Spelled(NamedTuple):
    """A clause's text in lower case, and where its content words stand in it: start, end and word."""

    text: str
    words: list[tuple[int, int, Word]]

    def inside(self, start: int, end: int) -> list[Word]:
        """The words that this stretch of the text touches."""
        return [word for at, until, word in self.words if at < end and until > start]


def spelled(clause: Clause) -> Spelled:
    """The clause with its terms as they are mostly written: among Hangul, or in a clause without any."""
    original = clause.text.lower()
    which = 0 if _HANGUL.search(original) else 1
    parts: list[str] = []
    words: list[tuple[int, int, Word]] = []
    read, written = 0, 0
    for word in sorted(clause.words, key=lambda word: word.start):
        start, end = word.start - clause.start, word.end - clause.start
        if start < read:
            continue
        form, particle = original[start:end], ""
        if (term := word.key.removeprefix("#")) != word.key and term in spellings():
            form = _in_place(spellings()[term][which].lower(), word, form)
            if follows := _PARTICLE.match(original, end):
                particle, end = _fitting(follows.group(), form), follows.end()
        parts += original[read:start], form, particle
        written += start - read
        words.append((written, written + len(form), word))
        read, written = end, written + len(form) + len(particle)
    return Spelled("".join((*parts, original[read:])), words)


def _in_place(form: str, word: Word, original: str) -> str:
    """The form as it stands in the clause: with what hangs on the word, and with an English plural's s."""
    plural = original.isascii() and original.endswith("s") and form.isascii() and not form.endswith("s")
    return form + ("s" if plural else "") + word.suffix


def _fitting(particle: str, form: str) -> str:
    """The particle as it is behind this form: "를" for "을" behind a vowel; letters and digits as they are read."""
    last = form[-1]
    final = (ord(last) - 0xAC00) % 28 if "가" <= last <= "힣" else _RIEUL if last in "l178" else last in "mn036"
    closed, opened = next(pair for pair in _PARTICLES if particle in pair)
    return closed if final and not (closed == "으로" and final == _RIEUL) else opened
