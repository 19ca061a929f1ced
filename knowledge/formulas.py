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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from knowledge.numbers import FUNCTIONS, Node, Quantity, Source, quantity_at, walk

__all__ = ["Statement", "Vocabulary", "read", "spell"]

STEPS: Final = 30_000
DEPTH: Final = 40
SIZE: Final = 150

_GREEK: Final = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron",
        "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ), strict=True)
) | {"∇": "nabla", "∂": "d", "Δ": "Delta", "Θ": "Theta", "Φ": "Phi", "Σ": "Sigma"}  # fmt: skip
_TO_LATIN = str.maketrans(_GREEK)

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


class Vocabulary:
    """The spellings of a check's symbols. A spelling may stand for several symbols; a reader then tries each.

    Args:
        spellings: canonical name → how people write it.
        functions: canonical names that are applied to arguments, as ``D`` in ``D(x)``.
        prose: read for numbers, with labels between the factors ("3(커널) × 입력 32"); ``x`` between factors is then "times".
    """

    def __init__(
        self, spellings: Mapping[str, Iterable[str]], functions: Iterable[str] = (), *, prose: bool = False
    ) -> None:
        self.functions, self.prose = frozenset(functions), prose
        self.gradient: str | None = None
        self._names: dict[str, tuple[str, ...]] = {}
        self._folded: dict[str, str] = {}
        self._applied: set[str] = set()
        for name, written in spellings.items():
            for spelling in (name, *written):
                key = spell(Source(spelling).text)
                if name not in self._names.setdefault(key, ()):
                    self._names[key] += (name,)
                self._folded.setdefault(key.casefold(), key)
                if "(" in spelling:
                    self._applied.add(key)
                if self.gradient is None and _GRADIENT.search(spelling):
                    self.gradient = spell(name)

    def names(self, key: str) -> tuple[str, ...]:
        """The symbols that a found key may stand for."""
        return self._names.get(key, ())

    def find(self, word: str) -> str | None:
        """The key under which a word is known; case, plural, Korean particles and counting words do not matter."""
        key = spell(word)
        if key in self._names:
            return key
        bare = _PARTICLES.sub("", key) if key[-1:] >= "가" else key.removesuffix("s")
        bare = _EARLIER.sub("", bare) or bare
        for form in (key, bare, _PARTICLES.sub("", bare) if bare[-1:] >= "가" else bare):
            if form in self._names:
                return form
            if folded := self._folded.get(form.casefold()):
                return folded
        return None

    def find_applied(self, word: str) -> str | None:
        """The key of a name that is spelled with its arguments, as ``V(D, G)``."""
        key = spell(word)
        return key if key in self._applied else None

    def resolve(self, base: str, indices: list[str]) -> str | None:
        """The key of a name with subscripts: the whole if it is known, else without time indices."""
        for kept in range(len(indices), -1, -1):
            key = self.find(base + "".join(indices[:kept]))
            applied = key is not None and not self.functions.isdisjoint(self.names(key))
            if key is not None and (applied or all(map(_INDEX.match, indices[kept:]))):
                return key
        return self.find(base.rstrip("0123456789")) if base[-1].isdigit() and len(base) > 1 else None


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
               | (?<![A-Za-z])\\?(?:arg\s?)?(?:min|max)(?:{_SUB}|[_ ]?[A-Z](?![\w(]))?(?![\w(])
               | (?<![\w.])(?:tf|torch|np|numpy|jnp|K|math|F|self|keras)\.(?:[a-z_]+\.)*(?=[a-z]))
  | (?P<skip>   \*\*(?=\s{0, 3}(?:$|[-+*/:]?=|[\n가-힣.,])) | (?<![^\s(])\*\*(?=\S) | [ \t]+ | & | ~
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
_CALL = re.compile(r"[A-Za-z]\w{0,20}\([A-Za-z]\w{0,8}(?:,\s?[A-Za-z]\w{0,8})?\)")
_PLUS = re.compile(r"[\s&]{0,12}\+(?!=)")
_TIMES = re.compile(r"(?<=[\d)\]}가-힣 ])[xX](?=\s?[\d(])")
_INDICES = re.compile(
    rf"{_SUB}|'|\^\{{?\(?[tikn](?:[+-]\d)?\)\}}?|\^\{{?t(?:[+-]\d)?\}}?(?![\w(])|\[['\"\w +-]{{1,20}}\](?!\s?\()|\(t(?:\s?[+-]\s?1)?\)"
)
_GLUED_TIME = re.compile(r"([A-Za-z])t(?:[+-]1(?!\d))?(?![A-Za-z0-9])")
_SPOKEN: Final = {
    "곱하기": "*", "곱": "*", "times": "*", "더하기": "+", "plus": "+", "빼기": "-", "minus": "-", "나누기": "/",
    "×": "*", "·": "*", "÷": "/", "cdot": "*", "ast": "*", "div": "/", "**": "^",
}  # fmt: skip
_IS: Final = frozenset({"는", "은", "is", "equals", "becomes"})
_SQUARED: Final = frozenset({"제곱", "의제곱", "squared"})


class Token(NamedTuple):
    """``kind`` is a group of ``_LEXEMES``, or number, name, unknown, function, frac, squared.

    A ``name`` is a known symbol (``text``: its key); a ``word`` is one that has no meaning here. ``tight`` names multiply
    when they stand side by side, as in ``μ v``.
    """

    kind: str
    text: str
    start: int
    end: int
    quantity: Quantity | None = None
    tight: bool = False


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
            tokens.append(Token("operator", _SPOKEN.get(raw.lstrip("\\"), raw.replace("\\times", "*")), at, end))
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
        if not (text[at].isdigit() or text[at] == "." or text[at] in "일이삼사오육륙칠팔구십백천만억"):
            return None
        quantity = quantity_at(text, at)
        return Token("number", text[at : quantity.end], at, quantity.end, quantity) if quantity else None
    plain = _PLAIN_NUMBER.match(text, at)
    return Token("number", plain.group(), at, plain.end()) if plain else None


def _word(text: str, at: int, end: int, vocabulary: Vocabulary, before: list[Token]) -> Iterator[Token]:
    """The token, or tokens, of the word at a place: a symbol (with the words and subscripts that belong to it) or not."""
    base, known_x = text[at:end], vocabulary.find("x")
    operand_before = bool(before) and before[-1].kind in ("number", "name", "close", "squared")
    if vocabulary.prose and base[:1] in "xX" and not known_x and operand_before and (base in "xX" or base[1].isdigit()):
        yield Token("operator", "*", at, at + 1)
        return
    if base in _SPOKEN and operand_before:
        yield Token("operator", _SPOKEN[base], at, end)
        return
    if base in _SQUARED:
        yield Token("squared", base, at, end)
        return
    if base in _IS and operand_before and not vocabulary.prose:
        yield Token("equals", base, at, end)
        return
    if (call := _CALL.match(text, at)) and (key := vocabulary.find_applied(call.group())):
        yield Token("name", key, at, call.end(), tight=True)
        return
    if ((phrase := _PHRASE.match(text, at)) and " " in phrase.group()) or (phrase and "-" in phrase.group()):
        for stop in reversed([m.start() for m in re.finditer(r"[ -]", phrase.group())][1:] + [len(phrase.group())]):
            if key := vocabulary.find(phrase.group()[:stop]):
                yield from _named(key, at, at + stop, phrase.group()[:stop], vocabulary)
                return
    function = spell(base).lower()
    indices: list[str] = []
    stop = end
    while function not in FUNCTIONS and len(indices) < 4 and (index := _INDICES.match(text, stop)):
        indices.append(index.group())
        stop = index.end()
    if key := vocabulary.resolve(base, indices):
        yield from _named(key, at, stop, base if stop == end else "", vocabulary)
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
            kind, text_ = ("operator", "*") if part.group() == "x" else ("name", str(vocabulary.find(part.group())))
            yield Token(kind, text_, at + part.start(), at + part.end())
    elif not vocabulary.prose and ((len(base) == 1 and base < "가") or indices or base.startswith("\\")):
        yield Token("unknown", f"?{spell(text[at:stop])}", at, stop)
    else:
        yield Token("word", f"?{spell(base)}", at, end)


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


class _Parser:
    """Recursive descent with a way back: an operator without its right side ends the expression before it."""

    def __init__(self, tokens: list[Token], vocabulary: Vocabulary) -> None:
        self._tokens, self._vocabulary = tokens, vocabulary
        self._at = self._steps = self._size = 0

    def statements(self) -> Iterator[Statement]:
        start = 0
        while start < len(self._tokens) and self._steps < STEPS:
            if not self._may_start(start):
                start += 1
                continue
            bullet = self._is_bullet(start)
            statement = self._statement(start + bullet)
            if statement is None:
                start += 1
                continue
            yield statement
            if bullet and len(statement.sides) == 1 and (negative := self._statement(start)):
                yield negative
            start = self._at

    def _may_start(self, at: int) -> bool:
        token = self._tokens[at]
        if token.kind == "word":
            following = self._peek(at + 1)
            if following.text == "-" and token.end < following.start and following.end == self._peek(at + 2).start:
                return False  # "the loss -log D(x)" is no difference
            return not self._vocabulary.prose and (
                following.kind in ("equals", "inplace", "operator") or self._opens(at)
            )
        if token.kind == "operator" and token.text == "-" and not self._vocabulary.prose:
            return True
        is_bullet = token.kind == "open" and self._peek(at + 1).kind == "number" and self._peek(at + 2).kind == "close"
        return token.kind in _STARTS and not (is_bullet and self._peek(at + 3).kind in ("name", "unknown", "word"))

    def _is_bullet(self, at: int) -> bool:
        """Whether a dash opens a line and so may be no minus: ``- v = mu * v``."""
        token = self._tokens[at]
        first = at == 0 or (self._tokens[at - 1].kind == "break" and self._tokens[at - 1].text == "\n")
        return token.kind == "operator" and first and self._peek(at + 1).start > token.end

    def _statement(self, start: int) -> Statement | None:
        sides: list[Node] = []
        spans: list[tuple[int, int]] = []
        self._at = start
        while True:
            first = self._at
            self._size = 0
            side = self._expression(0)
            if side is None:
                break
            sides.append(side)
            spans.append((self._tokens[first].start, self._tokens[self._at - 1].end))
            last = self._at
            link = self._peek()
            if link.kind not in ("equals", "inplace"):
                break
            self._at += 1
            if link.kind == "inplace":
                second, self._size = self._at, 0
                step = self._expression(0)
                if step is not None:
                    sides.append(Node(link.text[0], parts=(side, step)))
                    spans.append((self._tokens[second].start, self._tokens[self._at - 1].end))
                    last = self._at
                self._at = last
                break
        if not sides:
            return None
        self._at = max(self._at if side is not None else last, start + 1)
        return Statement(tuple(sides), tuple(spans))

    def _peek(self, at: int | None = None) -> Token:
        at = self._at if at is None else at
        return self._tokens[at] if at < len(self._tokens) else _END

    def _opens(self, at: int) -> bool:
        """Whether the token at a place is followed, without a blank, by an opening parenthesis."""
        following = self._peek(at + 1)
        return following.kind == "open" and following.text == "(" and following.start == self._tokens[at].end

    def _node(self, kind: str, *parts: Node, name: str = "") -> Node | None:
        self._size += 1
        return Node(kind, name, parts=parts) if self._size <= SIZE else None

    def _expression(self, depth: int) -> Node | None:
        left = self._term(depth)
        while left is not None and self._peek().kind == "operator" and self._peek().text in ("+", "-"):
            mark = self._at
            self._at += 1
            right = self._term(depth)
            if right is None:
                self._at = mark
                break
            left = self._node(self._tokens[mark].text, left, right)
        return left

    def _term(self, depth: int) -> Node | None:
        left = self._unary(depth)
        while left is not None:
            mark, token = self._at, self._peek()
            if token.kind == "operator" and token.text in ("*", "/", "//"):
                self._at += 1
                operator, right = token.text, self._unary(depth)
            elif self._multiplies_silently(token):
                operator, right = "*", self._power(depth)
            else:
                break
            if right is None:
                self._at = mark
                break
            left = self._node(operator, left, right)
        return left

    def _multiplies_silently(self, token: Token) -> bool:
        before = self._tokens[self._at - 1]
        adjacent = token.start == before.end
        if self._peek(self._at + 1).kind in ("equals", "inplace") and not adjacent:
            return False
        if self._vocabulary.prose:
            if token.kind == "open":
                return adjacent and before.kind in ("number", "name", "close", "squared")
            return (
                token.kind == "name" and token.tight and (before.tight or before.kind in ("number", "close", "squared"))
            )
        if token.kind == "unknown":
            return adjacent
        numbering = (
            token.kind == "open"
            and self._peek(self._at + 1).kind == "number"
            and self._peek(self._at + 2).kind == "close"
        )
        if numbering and not adjacent:
            return False
        return token.kind in ("name", "function", "frac", "open") and token.start - before.end <= 3

    def _unary(self, depth: int) -> Node | None:
        self._steps += 1
        if depth > DEPTH or self._steps > STEPS:
            return None
        token = self._peek()
        if token.kind == "operator" and token.text in ("-", "+"):
            self._at += 1
            operand = self._unary(depth + 1)
            if operand is None or token.text == "+":
                return operand
            return self._node("*", Node("number", value=-1), operand)
        return self._power(depth)

    def _power(self, depth: int) -> Node | None:
        base = self._atom(depth + 1)
        if base is None:
            return None
        mark, token = self._at, self._peek()
        if token.kind == "squared" or (token.text == "?의" and self._peek(mark + 1).kind == "squared"):
            self._at += 1 if token.kind == "squared" else 2
            return self._node("**", base, Node("number", value=2))
        if token.kind == "operator" and token.text == "^":
            self._at += 1
            exponent = self._unary(depth + 1)
            if exponent is not None and base.name == "?e":
                return self._node("call", exponent, name="exp")
            if exponent is not None:
                return self._node("**", base, exponent)
            self._at = mark
        return base

    def _atom(self, depth: int) -> Node | None:
        self._steps += 1
        self._size += 1
        if depth > DEPTH or self._steps > STEPS or self._size > SIZE:
            return None
        if self._vocabulary.prose:
            self._skip_labels_before()
        token = self._peek()
        if token.kind == "number":
            self._at += 1
            if self._vocabulary.prose:
                self._skip_labels_after()
                return Node("number", quantity=token.quantity)
            return Node("number", value=float(token.text) if re.search(r"[.eE]", token.text) else int(token.text))
        if token.kind in ("name", "unknown") or (token.kind == "word" and not self._vocabulary.prose):
            return self._symbol(token, depth)
        if token.kind == "function":
            return self._function(token, depth)
        if token.kind == "frac":
            self._at += 1
            upper = self._group(depth)
            lower = self._group(depth) if upper is not None else None
            return self._node("/", upper, lower) if upper is not None and lower is not None else None
        if token.kind == "open":
            inner = self._group(depth)
            if inner is not None and self._vocabulary.prose:
                self._skip_labels_after()
            return (
                self._node("call", inner, name="floor")
                if inner is not None and token.text in ("⌊", "lfloor")
                else inner
            )
        return None

    def _group(self, depth: int) -> Node | None:
        opening = self._peek()
        if opening.kind != "open":
            return None
        self._at += 1
        inner = self._expression(depth + 1)
        if inner is None or self._peek().kind != "close" or self._peek().text != _CLOSING.get(opening.text):
            return None
        self._at += 1
        return inner

    def _symbol(self, token: Token, depth: int) -> Node | None:
        opens = self._opens(self._at)
        self._at += 1
        symbol = Node("symbol", token.text)
        if self._vocabulary.prose:
            return self._labelled(symbol, depth)
        applied = not self._vocabulary.functions.isdisjoint(self._vocabulary.names(token.text))
        if not (opens and token.kind != "name") and not (applied and self._peek().kind == "open"):
            return symbol
        return self._arguments(token.text, depth)

    def _arguments(self, name: str, depth: int) -> Node | None:
        """``(a, b)`` of a call; what follows ``|`` or ``;`` is a condition and dropped."""
        opening = self._peek()
        parts: list[Node] = []
        conditions = False
        while self._peek().kind in ("open", "comma"):
            conditions = conditions or self._peek().text in ("|", ";")
            self._at += 1
            part = self._expression(depth + 1)
            if part is None:
                return None
            if not conditions:
                parts.append(part)
        if not parts or self._peek().kind != "close" or self._peek().text != _CLOSING.get(opening.text):
            return None
        self._at += 1
        return self._node("call", *parts, name=name)

    def _function(self, token: Token, depth: int) -> Node | None:
        self._at += 1
        if self._peek().kind == "open":
            return self._arguments(token.text, depth)
        argument = self._power(depth + 1)
        return self._node("call", argument, name=token.text) if argument is not None else None

    # Prose: factors come with labels, "3(커널 높이) × 입력 채널(32) × 64 filters".

    def _labelled(self, symbol: Node, depth: int) -> Node:
        """``입력 채널(32)`` and ``입력 채널 32`` are the number; ``C_in(입력 채널)`` is the symbol."""
        mark = self._at
        if self._peek().kind == "number":
            number = self._atom(depth + 1)
            return number if number is not None else symbol
        if self._peek().kind == "open":
            inner = self._group(depth + 1)
            if inner is not None and not any(node.kind == "symbol" for node in walk(inner)):
                return inner
            if inner is not None and inner.kind == "symbol":
                return symbol
            self._at = mark
        self._skip_labels_after()
        return symbol

    def _skip_labels_before(self) -> None:
        at = self._at
        while at - self._at < 4 and self._peek(at).kind == "word":
            at += 1
        if self._peek(at).kind in ("number", "name", "open", "function"):
            self._at = at

    def _skip_labels_after(self) -> None:
        """Pass words after a factor if an operator or a closing bracket follows, and words in brackets also before ``=``."""
        at, ends = self._at, ["operator", "close"]
        if self._peek(at).text == "?의" and self._peek(at + 1).kind == "squared":
            return
        while at - self._at < 4 and (self._peek(at).kind == "word" or (self._peek(at).kind == "name" and not self._peek(at).tight)):
            at += 1
        if self._peek(at).kind == "open" and self._peek(at).text in ("(", "["):
            inside = at + 1
            while inside - at < 8 and self._peek(inside).kind in ("word", "name", "comma"):
                inside += 1
            if inside > at + 1 and self._peek(inside).kind == "close":
                at = inside + 1
                ends.append("equals")
        if at > self._at and self._peek(at).kind in ends:
            self._at = at
