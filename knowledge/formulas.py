"""Formulas in running text, found and read into trees.

A candidate writes ``v = 0.9*v - lr*dx; x += v``, ``$v_t = \\mu v_{t-1} - \\eta \\nabla L$`` or ``커널 높이 × 커널 너비 × 입력
채널``. This module finds such statements in Korean, English, code, LaTeX or Unicode and reads them with its own parser:
nothing a candidate types reaches ``eval``, an attribute look-up or sympy's string parser.

    vocabulary = Vocabulary({"v": ("v", "velocity"), "mu": ("mu", "μ")})
    read(Source("v_t = μ v_{t-1}"), vocabulary)[0].sides       # v and mu * v: time indices are dropped

Work is bounded by counting, not by a clock, so that it holds in any thread: the length of the text, the parser's steps, the
depth and size of a tree. ``knowledge.numbers`` says what trees are worth and when two are equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from knowledge.numbers import FUNCTIONS, Node, Quantity, Source, quantity_at, walk

__all__ = ["Statement", "Vocabulary", "read", "spell"]

STEPS: Final = 30_000  # of the parser, for a whole text
DEPTH: Final = 40  # of brackets
SIZE: Final = 150  # nodes of an expression

_GREEK = {c: unicodedata.name(c).split()[-1].replace("LAMDA", "LAMBDA").lower() for c in map(chr, range(945, 970))}
_TO_LATIN = str.maketrans(_GREEK | {"∇": "nabla", "∂": "d", "Δ": "Delta", "Θ": "Theta", "Φ": "Phi", "Σ": "Sigma"})

# --- Words to symbols -------------------------------------------------------------------------------------------------

_COMMANDS = r"\\(?:mathrm|mathbf|mathit|mathcal|mathsf|text|textbf|textit|boldsymbol|bm|vec|operatorname)"
_NOISE = re.compile(rf"{_COMMANDS}(?![A-Za-z])|[\s_\\{{}}()\[\]'\"-]|(?<=[가-힣])의(?=[\s가-힣])")
_INDEX = re.compile(
    r"[\s{}()\[\]'\"_^]*(?:[A-Za-zθ]{0,2}\d?|\d|new|old|prev|previous|next|curr|current|now|last)(?:\s*[+-]\s*\d)?[\s{}()\[\]'\"]*$"
)
_PARTICLES = re.compile(
    r"(?:의|개수|갯수|수|크기|사이즈|값)*(?P<topic>은|는)?(?:이|가|을|를|에|와|과|도|만|로|으로|만큼|입니다|이다|이에요|예요|이고|이며|인데|이니까)?$"
)
_EARLIER = re.compile(r"^(?:이전|현재|기존|직전|다음|새로운|새|previous|prev|current|old|new)(?=..)")
_GRADIENT = re.compile(r"∇|nabla|grad|∂|^d[a-zA-Z]$|d\w+/d|기울기|그래디언트|그라디언트")

Spellings = Mapping[str, Iterable[str]]


class Vocabulary:
    """The spellings of a check's symbols. A spelling may stand for several symbols; a reader then tries each.

    Args:
        spellings: canonical name → how people write it.
        functions: canonical names that are applied to arguments, as ``D`` in ``D(x)``.
        prose: read for numbers, with labels between the factors ("3(커널) × 입력 32"); ``x`` between factors is then "times".
    """

    def __init__(self, spellings: Spellings, functions: Iterable[str] = (), *, prose: bool = False) -> None:
        self.functions, self.prose = frozenset(functions), prose
        self.gradient: str | None = None
        self._names: dict[str, tuple[str, ...]] = {}
        self._folded: dict[str, str] = {}
        for name, written in spellings.items():
            for spelling in (name, *written):
                key = spell(Source(spelling).text)
                if name not in self._names.setdefault(key, ()):
                    self._names[key] += (name,)
                self._folded.setdefault(key.casefold(), key)
                if self.gradient is None and _GRADIENT.search(spelling):
                    self.gradient = spell(name)

    def names(self, key: str) -> tuple[str, ...]:
        """The symbols that a found key may stand for."""
        return self._names.get(key, ())

    def is_gradient(self, key: str) -> bool:
        return self.gradient is not None and self.gradient in map(spell, self.names(key))

    def find(self, word: str) -> str | None:
        """The key under which a word is known; case, plural, Korean particles and counting words do not matter."""
        key = spell(word)
        if key in self._names:
            return key
        for stem in dict.fromkeys((key, _EARLIER.sub("", key))):
            for form in (stem, _bare(stem), _bare(_bare(stem))):
                if found := form if form in self._names else self._folded.get(form.casefold()):
                    return found
        return None

    def resolve(self, base: str, indices: list[str]) -> str | None:
        """The key of a name with subscripts: the whole if it is known, else without time indices."""
        for kept in range(len(indices), -1, -1):
            key = self.find(base + "".join(indices[:kept]))
            applied = key is not None and not self.functions.isdisjoint(self.names(key))
            if key is not None and (applied or all(map(_INDEX.match, indices[kept:]))):
                return key
        return self.find(base.rstrip("0123456789")) if base[-1].isdigit() and len(base) > 1 else None


def _bare(word: str) -> str:
    if word[-1:] >= "가":
        return _PARTICLES.sub("", word)
    return word.removesuffix("s") if len(word) > 3 else word


def spell(word: str) -> str:
    """One key for ``learning_rate``, ``learning rate``, ``\\text{learning rate}``; Greek letters by name."""
    return _NOISE.sub("", word).translate(_TO_LATIN)


# --- Text to tokens ---------------------------------------------------------------------------------------------------

_SUB = r"_(?:\{[^{}\n]{0,20}(?:\{[^{}\n]{0,9}\}[^{}\n]{0,9})?\}|\([^()\n]{0,12}\)|\\[A-Za-z]+|[A-Za-z0-9]+|[α-ω])"
_LONG_SUB = r"_(?:\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]{0,20}\}){0,20}\}){0,50}\}|\\?[A-Za-z])"
_D = r"(?:\\partial|∂|\\mathrm\{d\}|d)"
_LEXEMES = re.compile(
    rf"""
    (?P<gradient> (?:∇|\\nabla(?![A-Za-z]))(?:{_SUB}|[α-ω](?=[A-Z]))?(?:\s?(?:\\mathcal\s?\{{[A-Z]\}}|\\?[A-Za-z]+|[α-ω])(?:{_SUB})?)?
                  (?:\s?\([^()\n]{{0,60}}(?:\([^()\n]{{0,20}}\)[^()\n]{{0,20}})?\))?
                | \\[dt]?frac\s?\{{\s?{_D}\s?[^{{}}\n]{{0,30}}(?:\{{[^{{}}\n]{{0,9}}\}})?\}}\s?\{{\s?{_D}\s?[^{{}}\n]{{0,20}}
                  (?:\{{[^{{}}\n]{{0,9}}\}})?\}}
                | (?<![A-Za-z])[d∂]\s?[A-Za-z]{{1,5}}(?:\([^()\n]{{0,20}}\))?\s?/\s?[d∂]\s?(?:[A-Za-z]{{1,6}}|[α-ω])(?:{_SUB})?)
  | (?P<wrapper> (?:\\mathbb\s?\{{?E\}}?|\\operatorname\{{E\}}|(?<![A-Za-z\\])E)
                 (?:{_LONG_SUB})?(?:_?[a-z]?\s?(?:~|\\sim)\s?[A-Za-z_]{{1,8}}(?:\([a-z]\))?)?
                 \s?(?=\\left|\\[bB]ig|[\[({{]|\\?(?:log|ln)(?![a-z]))
               | (?<![A-Za-z])(?:reduce_mean|mean|average|avg|평균|기댓값|기대값)\s?(?=[\[(])
               | (?:(?:\\[dt]?frac\s?\{{1\}}\s?\{{[A-Za-z]\}}|\(?1\s?/\s?[mnN]\)?)\s?\*?\s?)?
                 (?:\\sum(?![a-z])|[Σ∑]|(?<![A-Za-z])sum\s?(?=\())(?:{_LONG_SUB}|\^(?:\{{[^{{}}\n]{{0,12}}\}}|\w)){{0,2}}
               | (?:\\|(?<![A-Za-z\\]))(?:arg\s?)?(?:min|max)(?:{_SUB}|[_ ]?[A-Z](?![\w(]))?(?![\w(])
               | (?<![\w.])(?:tf|torch|np|numpy|jnp|K|math|F|self|keras)\.(?:[a-z_]+\.)*(?=[a-z]))
  | (?P<skip>   \*\*(?=\s{{0,3}}(?:$|[-+*/:]?=|[\n가-힣.,])) | (?<![^\s(])\*\*(?=\S) | [ \t]+ | & | ~
              | \\(?:left|right|[bB]igg?[lr]?|displaystyle|limits|quad|qquad|(?:begin|end)\{{\w+\*?\}}|[,:!\ ])(?![A-Za-z]))
  | (?P<inplace> [-+*/]=(?!=))
  | (?P<arrow>  => | -> | [→⇒⟶↦] | \\(?:to|rightarrow|Rightarrow|longrightarrow)(?![A-Za-z]) | [<>!]=|[<>≤≥](?!-) )
  | (?P<equals> := | == | <- | [←⟵=≈≒≃≡≜] | \\(?:leftarrow|gets|coloneqq|approx|equiv|triangleq|simeq)(?![A-Za-z]) )
  | (?P<operator> \*\* | // | [-+*/^×·÷] | \\(?:times|cdot|ast|div)(?![A-Za-z]))
  | (?P<open>   \\lfloor | \\\{{ | [(\[{{⌊] )
  | (?P<close>  \\rfloor | \\\}} | [)\]}}⌋] )
  | (?P<comma>  [,|;] | \\; )
  | (?P<break>  \n | \\\\ | \\[()\[\]] | [$`?!":@\#] )
  | (?P<word>   {_COMMANDS}\s?\{{\s?\\?[A-Za-z가-힣 _]{{1,30}}\}} | (?:Δ|\\Delta\s?)\\?(?:[A-Za-z]+|[α-ω])
              | \\[A-Za-z]+ | [A-Za-z][A-Za-z0-9]* | [α-ωΑ-ΡΤ-Ω] | [가-힣]+ )
    """,
    re.VERBOSE,
)
_PLAIN_NUMBER = re.compile(
    r"(?:\d{1,20}(?:\.\d{1,20}|\.(?=\s*[-+*/)\]]))?|\.\d{1,20})(?:[eE][+-]?\d{1,2}(?!\w))?(?!\d)"
)
_PHRASE = re.compile(r"[A-Za-z가-힣][\w]*(?:(?: |(?<=\w\w)-(?=\w\w))[A-Za-z가-힣]\w*){0,3}")
_PLUS = re.compile(r"[\s&]{0,12}\+(?!=)")
_TIMES = re.compile(r"[xX](?![A-Za-z가-힣])")
_INDICES = re.compile(
    rf"{_SUB}|'|\^\{{?\(?[tikn](?:[+-]\d)?\)\}}?|\^\{{?t(?:[+-]\d)?\}}?(?![\w(])|\[['\"\w +-]{{1,20}}\](?!\s?\()|\(t(?:\s?[+-]\s?1)?\)"
)
_GLUED_TIME = re.compile(r"([A-Za-z])t(?:[+-]1(?!\d))?(?![A-Za-z0-9])")
_OPERATORS: Final = {"×": "*", "·": "*", "times": "*", "cdot": "*", "ast": "*", "÷": "/", "div": "/", "**": "^"}
_SPOKEN: Final = {
    "곱하기": ("operator", "*"), "곱": ("operator", "*"), "times": ("operator", "*"), "나누기": ("operator", "/"),
    "더하기": ("operator", "+"), "plus": ("operator", "+"), "빼기": ("operator", "-"), "minus": ("operator", "-"),
    "제곱": ("squared", ""), "의제곱": ("squared", ""), "squared": ("squared", ""),
    "는": ("equals", ""), "은": ("equals", ""), "is": ("equals", ""), "equals": ("equals", ""), "becomes": ("equals", ""),
}  # fmt: skip


class Token(NamedTuple):
    """``kind`` is a group of ``_LEXEMES``, or number, name, unknown, function, frac, squared.

    A ``name`` is a known symbol (``text``: its key); a ``word`` is one that has no meaning here. ``tight`` names multiply
    when they stand side by side, as in ``μ v``. ``time``: -1 for ``v_{t-1}`` or ``v_old``, 1 for ``v_{t+1}`` or ``v_new``.
    """

    kind: str
    text: str
    start: int
    end: int
    quantity: Quantity | None = None
    tight: bool = False
    time: int = 0


def _tokens(text: str, vocabulary: Vocabulary) -> list[Token]:
    tokens: list[Token] = []
    at, wrapper = 0, -1
    while at < len(text):
        if wrapper >= 0 and tokens and tokens[-1].start > wrapper:
            tokens[-1], wrapper = tokens[-1]._replace(start=wrapper), -1
        found = _LEXEMES.match(text, at)
        kind, end = (str(found.lastgroup), found.end()) if found else ("break", at + 1)
        if kind not in ("gradient", "wrapper") and (number := _number(text, at, vocabulary)):
            tokens.append(number)
            at = number.end
            continue
        raw = text[at:end]
        if kind == "word":
            new = list(_word(text, at, end, vocabulary, tokens))
            tokens += new
            at = new[-1].end
            continue
        if kind == "gradient":
            key = vocabulary.gradient
            tokens.append(Token("name" if key else "unknown", key or "?gradient", at, end, tight=True))
        elif kind == "operator":
            tokens.append(Token("operator", _OPERATORS.get(raw.lstrip("\\"), raw), at, end))
        elif kind == "wrapper":
            wrapper = at if wrapper < 0 else wrapper
        elif kind != "skip" and not (kind == "break" and _continues(text, end, tokens)):
            tokens.append(Token(kind, raw.replace("\\", ""), at, end))
        at = end
    return tokens


def _continues(text: str, at: int, before: list[Token]) -> bool:
    """Whether a formula goes on after a line's end: an operator stands before it, or a plus after it."""
    if text[at - 1] not in "\n\\" or not before:
        return False
    return before[-1].kind in ("operator", "equals") or bool(_PLUS.match(text, at))


def _number(text: str, at: int, vocabulary: Vocabulary) -> Token | None:
    if vocabulary.prose:
        quantity = quantity_at(text, at)
        return Token("number", text[at : quantity.end], at, quantity.end, quantity) if quantity else None
    plain = _PLAIN_NUMBER.match(text, at)
    return Token("number", plain.group(), at, plain.end()) if plain else None


def _word(text: str, at: int, end: int, vocabulary: Vocabulary, before: list[Token]) -> Iterator[Token]:
    """The token, or tokens, of the word at a place: a symbol (with the words and subscripts that belong to it) or not."""
    base = text[at:end]
    after_operand = bool(before) and before[-1].kind in ("number", "name", "close", "squared")
    if vocabulary.prose and after_operand and _TIMES.match(text, at) and not vocabulary.find("x"):
        yield Token("operator", "*", at, at + 1)
        return
    kind, sign = _SPOKEN.get(base, ("", ""))
    if kind == "squared" or (kind and after_operand and not (kind == "equals" and vocabulary.prose)):
        yield Token(kind, sign, at, end)
        return
    if phrase := _PHRASE.match(text, at):
        for cut in _cuts(phrase.group()):
            if key := vocabulary.find(cut):
                yield from _named(key, at, at + len(cut), cut, vocabulary)
                return
    function = spell(base).lower()
    indices: list[str] = []
    stop = end
    while function not in FUNCTIONS and len(indices) < 4 and (index := _INDICES.match(text, stop)):
        indices.append(index.group())
        stop = index.end()
    if key := vocabulary.resolve(base, indices):
        for token in _named(key, at, stop, base if stop == end else "", vocabulary):
            yield token._replace(time=_time("".join(indices)))
    elif function in FUNCTIONS:
        yield Token("function", FUNCTIONS[function], at, end)
    elif function in ("frac", "dfrac", "tfrac"):
        yield Token("frac", base, at, end)
    elif (glued := re.match(r"(log|ln)(?=[A-Z])", base)) and vocabulary.find(base[glued.end() :]):
        yield Token("function", "log", at, at + glued.end())
        yield from _word(text, at + glued.end(), end, vocabulary, before)
    elif (glued := _GLUED_TIME.match(text, at)) and (key := vocabulary.find(glued[1])):
        yield Token("name", key, at, glued.end(), tight=True)
    elif vocabulary.prose and "x" in base and all(map(vocabulary.find, base.split("x"))):
        for part in re.finditer(r"x|[^x]+", base):
            key = vocabulary.find(part.group())
            yield Token("name" if key else "operator", key or "*", at + part.start(), at + part.end())
    elif not vocabulary.prose and ((len(base) == 1 and base < "가") or indices or base.startswith("\\")):
        yield Token("unknown", f"?{spell(text[at:stop])}", at, stop)
    else:
        yield Token("word", f"?{spell(base)}", at, end)


def _time(index: str) -> int:
    if found := re.search(r"(?<![A-Za-z])[tkn]\s?([+-])\s?1", index):
        return 1 if found[1] == "+" else -1
    return -1 if re.search(r"old|prev|last", index) else int(bool(re.search(r"new|next", index)))


def _cuts(phrase: str) -> list[str]:
    """``a b c`` → ``a b c``, ``a b``: the readings of several words as one name, longest first."""
    ends = [blank.start() for blank in re.finditer(r"[ -]", phrase)]
    return [phrase[:end] for end in reversed([*ends[1:], len(phrase)])] if ends else []


def _named(key: str, start: int, end: int, written: str, vocabulary: Vocabulary) -> Iterator[Token]:
    """A known symbol; with a Korean topic particle ("속도는 …") it is the left side of an equation."""
    tight = not written or len(written) == 1 or written.startswith("\\") or not vocabulary.prose
    yield Token("name", key, start, end, tight=tight)
    topic = _PARTICLES.search(spell(written))
    if not vocabulary.prose and topic and topic["topic"] and not vocabulary.names(spell(written)):
        yield Token("equals", "", end, end)


# --- Tokens to trees --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """An expression, or the sides of ``a = b = …``, and where each stands in the source's text."""

    sides: tuple[Node, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]


def read(source: Source, vocabulary: Vocabulary) -> list[Statement]:
    """Every expression and equation that a text states, in its order. Never raises."""
    return list(_Parser(_tokens(source.text, vocabulary), vocabulary).statements())


_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "⌊": "⌋", "lfloor": "rfloor"}
_STARTS: Final = frozenset({"number", "name", "unknown", "function", "frac", "open"})
_END: Final = Token("end", "", 0, 0)


class _Stop(Exception):
    """No expression goes on here; an operator before it is left alone."""


class _TooMuch(Exception):
    """An expression is too large or too deep to be an answer."""


class _Parser:
    """Recursive descent with a way back: an operator without its right side ends the expression before it."""

    def __init__(self, tokens: list[Token], vocabulary: Vocabulary) -> None:
        self._tokens, self._vocabulary, self._prose = tokens, vocabulary, vocabulary.prose
        self._at = self._steps = self._size = 0

    def statements(self) -> Iterator[Statement]:
        start = 0
        while start < len(self._tokens) and self._steps < STEPS:
            self._at = start
            if self._may_start(start):
                bullet = self._is_bullet(start)
                if statement := self._statement(start + bullet):
                    yield statement
                if statement and bullet and len(statement.sides) == 1 and (negative := self._statement(start)):
                    yield negative
            start = max(self._at, start + 1)

    def _may_start(self, at: int) -> bool:
        token, following = self._tokens[at], self._peek(1, at)
        if token.kind == "word" and not self._prose:
            if following.text == "-" and token.end < following.start and following.end == self._peek(2, at).start:
                return False  # "the loss -log D(x)" is no difference
            return following.kind in ("equals", "inplace", "operator") or self._opens(at)
        if token.kind == "operator":
            return token.text == "-" and not self._prose
        return token.kind in _STARTS and not (self._is_numbering(at) and self._peek(3, at).kind != "operator")

    def _is_bullet(self, at: int) -> bool:
        """Whether a dash opens a line and so may be no minus: ``- v = mu * v``."""
        token, before = self._tokens[at], self._tokens[at - 1]
        first = at == 0 or (before.kind == "break" and before.text == "\n")
        return first and token.kind == "operator" and self._peek(1, at).start > token.end

    def _is_numbering(self, at: int) -> bool:
        """``(1)``, as before the steps of a list."""
        return [self._peek(n, at).kind for n in range(3)] == ["open", "number", "close"]

    def _statement(self, start: int) -> Statement | None:
        sides: list[Node] = []
        spans: list[tuple[int, int]] = []
        self._at = past = start
        try:
            while True:
                first, self._size = self._at, 0
                side = self._expression(0)
                if sides and self._tokens[first - 1].kind == "inplace":
                    side = Node(self._tokens[first - 1].text[0], parts=(sides[-1], side))
                sides.append(side)
                spans.append((self._tokens[first].start, self._tokens[self._at - 1].end))
                past = self._at
                if self._peek().kind not in ("equals", "inplace"):
                    break
                self._at += 1
        except _Stop:
            self._at = past
        except _TooMuch:
            pass
        return Statement(tuple(sides), tuple(spans)) if sides else None

    def _peek(self, ahead: int = 0, at: int | None = None) -> Token:
        place = (self._at if at is None else at) + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _opens(self, at: int) -> bool:
        """Whether the token at a place is followed, without a blank, by an opening parenthesis."""
        following = self._peek(1, at)
        return following.text == "(" and following.start == self._tokens[at].end

    def _node(self, kind: str, *parts: Node, name: str = "") -> Node:
        self._size += 1
        if self._size > SIZE:
            raise _TooMuch
        return Node(kind, name, parts=parts)

    def _expression(self, depth: int) -> Node:
        left = self._term(depth)
        while self._peek().kind == "operator" and self._peek().text in ("+", "-"):
            mark = self._at
            self._at += 1
            try:
                left = self._node(self._tokens[mark].text, left, self._term(depth))
            except _Stop:
                self._at = mark
                break
        return left

    def _term(self, depth: int) -> Node:
        left = self._unary(depth)
        while True:
            mark, token = self._at, self._peek()
            try:
                if token.kind == "operator" and token.text in ("*", "/", "//"):
                    self._at += 1
                    left = self._node(token.text, left, self._unary(depth))
                elif self._multiplies_silently(token):
                    left = self._node("*", left, self._power(depth))
                else:
                    return left
            except _Stop:
                self._at = mark
                return left

    def _multiplies_silently(self, token: Token) -> bool:
        before = self._tokens[self._at - 1]
        adjacent = token.start == before.end
        if not adjacent and (self._peek(1).kind in ("equals", "inplace") or self._is_numbering(self._at)):
            return False
        if token.kind == "open" and self._prose:
            return adjacent and before.kind in ("number", "name", "close", "squared") and self._peek(1).text != "+"
        if self._prose:
            return token.tight and (before.tight or before.kind in ("number", "close", "squared"))
        near = token.start - before.end <= 3
        return adjacent if token.kind == "unknown" else near and token.kind in _STARTS - {"number"}

    def _unary(self, depth: int) -> Node:
        token = self._peek()
        if token.kind != "operator" or token.text not in ("-", "+"):
            return self._power(depth)
        self._descend(depth)
        self._at += 1
        operand = self._unary(depth + 1)
        return operand if token.text == "+" else self._node("*", Node("number", value=-1), operand)

    def _descend(self, depth: int) -> None:
        self._steps += 1
        if depth > DEPTH or self._steps > STEPS:
            raise _TooMuch

    def _power(self, depth: int) -> Node:
        base = self._atom(depth + 1)
        mark, token = self._at, self._peek()
        squared = 1 if token.kind == "squared" else 2 if token.text == "?의" and self._peek(1).kind == "squared" else 0
        self._at += squared
        if squared:
            return self._node("**", base, Node("number", value=2))
        if token.kind == "operator" and token.text == "^":
            self._at += 1
            try:
                exponent = self._unary(depth + 1)
            except _Stop:
                self._at = mark
                return base
            return self._node("call", exponent, name="exp") if base.name == "?e" else self._node("**", base, exponent)
        return base

    def _atom(self, depth: int) -> Node:
        self._descend(depth)
        if self._prose:
            self._skip_labels_before()
        token = self._peek()
        if token.kind == "open":
            inner = self._group(depth)
            if self._prose:
                self._skip_labels_after()
            return self._node("call", inner, name="floor") if token.text in ("⌊", "lfloor") else inner
        self._at += 1
        if token.kind == "number":
            return self._number(token)
        if token.kind == "function":
            if self._peek().kind == "open":
                return self._call(token.text, depth)
            return self._node("call", self._power(depth + 1), name=token.text)
        if token.kind == "frac":
            return self._node("/", self._group(depth), self._group(depth))
        if token.kind in ("name", "unknown") or (token.kind == "word" and not self._prose):
            return self._symbol(token, depth)
        raise _Stop

    def _number(self, token: Token) -> Node:
        node = self._node("number")
        if self._prose:
            self._skip_labels_after()
            return replace(node, quantity=token.quantity)
        return replace(node, value=int(token.text) if token.text.isdigit() else float(token.text))

    def _group(self, depth: int) -> Node:
        opening = self._peek()
        if opening.kind != "open":
            raise _Stop
        self._at += 1
        inner = self._expression(depth + 1)
        self._close(opening)
        return inner

    def _close(self, opening: Token) -> None:
        if self._peek().kind != "close" or self._peek().text != _CLOSING.get(opening.text):
            raise _Stop
        self._at += 1

    def _symbol(self, token: Token, depth: int) -> Node:
        symbol = replace(self._node("symbol", name=token.text), value=token.time)
        if self._prose:
            return self._labelled(symbol, depth)
        applied = not self._vocabulary.functions.isdisjoint(self._vocabulary.names(token.text))
        if (applied and self._peek().kind == "open") or (token.kind != "name" and self._opens(self._at - 1)):
            return self._call(token.text, depth)
        if self._opens(self._at - 1) or token.text == self._vocabulary.gradient:
            self._skip_arguments(depth, self._vocabulary.is_gradient(token.text))
        return symbol

    def _skip_arguments(self, depth: int, is_gradient: bool) -> None:
        """Pass ``(D, G)`` in ``V(D, G) = …``, where ``V`` is known as a plain symbol, and ``(θ)`` in ``grad(θ)``."""
        mark = self._at
        try:
            plain = all(part.kind in ("symbol", "call") for part in self._call("", depth).parts)
        except _Stop:
            plain = False
        if not plain or not (is_gradient or self._peek().kind == "equals"):
            self._at = mark

    def _call(self, name: str, depth: int) -> Node:
        """``name(a, b)``; what follows ``|`` or ``;`` is a condition and dropped."""
        opening = self._peek()
        parts: list[Node] = []
        condition = False
        while self._peek().kind in ("open", "comma"):
            condition = condition or self._peek().text in ("|", ";")
            self._at += 1
            part = self._expression(depth + 1)
            parts += [] if condition else [part]
        self._close(opening)
        return self._node("call", *parts, name=name)

    # Prose: factors come with labels, "3(커널 높이) × 입력 채널(32) × 64 filters".

    def _labelled(self, symbol: Node, depth: int) -> Node:
        """``입력 채널(32)`` and ``입력 채널 32`` are the number; ``C_in(입력 채널)`` is the symbol."""
        mark = self._at
        try:
            if self._peek().kind == "number":
                return self._atom(depth + 1)
            inner = self._group(depth + 1)
            if not any(node.kind == "symbol" for node in walk(inner)):
                return inner
            if inner.kind == "symbol":
                return symbol
        except _Stop:
            pass
        self._at = mark
        self._skip_labels_after()
        return symbol

    def _skip_labels_before(self) -> None:
        ahead = self._count_labels()
        if self._peek(ahead).kind in ("number", "name", "open", "function"):
            self._at += ahead

    def _skip_labels_after(self) -> None:
        """Pass words before an operator or a closing bracket, and words in brackets also before ``=``."""
        if self._peek().text == "?의" and self._peek(1).kind == "squared":
            return
        ahead, ends = self._count_labels(names=True), ["operator", "close"]
        if self._peek(ahead).text in ("(", "["):
            inside = 1
            while inside < 8 and self._peek(ahead + inside).kind in ("word", "name", "comma"):
                inside += 1
            if inside > 1 and self._peek(ahead + inside).kind == "close":
                ahead += inside + 1
                ends.append("equals")
        if self._peek(ahead).kind in ends:
            self._at += ahead

    def _count_labels(self, names: bool = False) -> int:
        """How many words, at most four, stand here; with ``names`` also names, but no letters."""
        kinds = [("word", False), ("name", False)] if names else [("word", False)]
        return next((n for n in range(4) if (self._peek(n).kind, self._peek(n).tight) not in kinds), 4)
