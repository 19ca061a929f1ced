"""Numbers as people write and say them, and the expressions that yield them.

The same count comes as ``18,432개``, ``18 432``, ``1만 8432``, ``만 팔천사백삼십이``, ``18.4k`` or ``1.8×10⁴``, and the
same memory as ``1.6GB``, ``16억 바이트`` or ``1.49GiB``. This module reads one such number at a place in a text, says
what it may mean and how finely it was given. It computes with trees of numbers, symbols and operators, and says when two
of them are equal.

    quantity_at("1만 8천개입니다", 0).readings                     # (Reading(value=18000, unit="count"),)
    quantity_at("1.6 GB", 0).readings                             # 1.6e9 bytes, or 1.6 · 2**30 bytes
    evaluate(parse("kernel**2 * inputs"), {"kernel": 3, "inputs": 32})      # 288

Nothing here can run away: a number beyond 1e30 is not read, a power that would be huge is refused before it is computed.
"""

from __future__ import annotations

import ast
import cmath
import math
import operator
import random
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, Final, Literal

__all__ = [
    "FAMILIES", "FUNCTIONS", "SQUARED", "Node", "Number", "Quantity", "Reading", "Signature", "Source", "Unit", "agree",
    "equivalent", "evaluate", "family", "parse", "quantity_at", "rename", "same_for_any", "signature", "walk", "with_squares",
]  # fmt: skip

Number = int | float
Unit = Literal["", "count", "parameters", "bytes", "pixels", "lines", "other"]

FUNCTIONS: Final = {
    "log": "log", "ln": "log", "exp": "exp", "sqrt": "sqrt", "tanh": "tanh", "abs": "abs", "sigmoid": "sigmoid",
    "floor": "floor", "int": "floor", "ceil": "ceil", "min": "min", "max": "max", "로그": "log", "루트": "sqrt",
}  # fmt: skip

LENGTH: Final = 10_000  # characters of a reply that are read
LARGEST: Final = 10**30  # number
EXPANSION: Final = 1_000  # terms when multiplied out, for sympy to prove an equality
DEGREE: Final = 48  # of them
SQUARED: Final = "**2"

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₒₓₖₙₜᵢⱼ", "0123456789+-aeoxkntij")
_DASHES = str.maketrans("−–—∙⋅∼〜", "---··~~")
_PIECES = re.compile(
    "(?P<over>[⁰¹²³⁴-⁹⁺⁻⁽⁾ⁿ]+)|(?P<under>[₀-₉₊₋ₐₑₒₓₖₙₜᵢⱼ]+)|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|.", re.DOTALL
)


class Source:
    """A reply in one normal form of characters (``𝜃²`` → ``θ^2``), with the way back to what was typed.

    Of a reply longer than ``LENGTH`` the beginning and the end are read, half each.
    """

    def __init__(self, reply: str) -> None:
        self.reply = reply
        half = LENGTH // 2
        shown = reply if len(reply) <= LENGTH else f"{reply[:half]}\n\0\n{reply[-half:]}"
        plain = shown.translate(_DASHES)
        if plain == reply and unicodedata.is_normalized("NFKC", plain):
            self.text, self._offsets = plain, list[int]()
            return
        omitted = len(reply) - len(shown)
        parts: list[str] = []
        offsets: list[int] = []
        for piece in _PIECES.finditer(plain):
            normal = _normal(piece)
            parts.append(normal)
            place = piece.start() if piece.start() < half else piece.start() + omitted
            offsets.extend([place] * len(normal))
            if len(offsets) > 2 * LENGTH:
                break
        self.text, self._offsets = "".join(parts), [*offsets, len(reply)]

    def quote(self, start: int, end: int) -> str:
        """What stands between two places of ``text``, letter for letter as typed."""
        if self._offsets:
            start, end = self._offsets[start], self._offsets[end]
        return self.reply[start:end].strip()


def _normal(piece: re.Match[str]) -> str:
    raw = piece.group()
    if not (piece["over"] or piece["under"]):
        return unicodedata.normalize("NFKC", raw)
    sign, raw = ("^", raw.translate(_SUPERSCRIPTS)) if piece["over"] else ("_", raw.translate(_SUBSCRIPTS))
    return sign + (raw if len(raw) == 1 else f"({raw})" if sign == "^" else f"{{{raw}}}")


# --- Quantities ---------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(
    r"""(?: \d{1,3}(?:,\d{3}){1,9} | \d{1,3}(?:\{,\}\d{3}){1,9} | \d{1,3}(?:\\,\d{3}){1,9} | \d{1,3}(?:_\d{3}){1,9}
          | \d{1,3}(?:['’]\d{3}){1,9} | \d{1,3}(?:\ \d{3}){1,9} | \d{1,40} ) (?!\d) (?: \.\d{1,20}(?!\d) )?
      | \.\d{1,20}(?!\d)""",
    re.VERBOSE,
)
_POWER = r"\s?(?:\^|\*\*)\s?[({]?\s?(?P<%s>[+-]?\d{1,3})(?!\d)\s?[)}]?"
_EXPONENT = re.compile(r"[eE](?P<e>[+-]?\d{1,3})(?![\w.])")
_TIMES_TEN = re.compile(r"\s?(?:[×xX*·⋅]|\\times|\\cdot)\s?10(?!\d)" + _POWER % "e")
_TEN_POWER = re.compile(_POWER % "e")

_DIGITS: Final = {
    c: n for n, cs in enumerate(("영공", "일", "이", "삼", "사", "오", "육륙", "칠", "팔", "구")) for c in cs
}
_SMALL: Final = {"십": 10, "백": 100, "천": 1000}
_LARGE: Final = {"만": 10**4, "억": 10**8, "조": 10**12}
_JOINED = re.compile(r" (?=\d{3,4}(?!\d)|\d{1,4}[십백천만억]|[일이삼사오육륙칠팔구]?[십백천])")
_JOINED_TENS = re.compile(r" (?=\d{1,2}(?!\d)|\d?십|[일이삼사오육륙칠팔구])")
_AFTER_HANGUL = re.compile(
    r"(?![가-힣])|(?:개|바이트|줄|픽셀|메가|기가|킬로|파라미터|파라메터|이다|입니|이에|예요|이예|이요|요|정도|쯤|가량|남짓|의|이고|이며"
    r"|이|가|은|는|을|를|로|으로|에|과|와)"
)

_NOUNS = (
    r"가지|번째|번(?!의)|배(?!치)|차원|비트|bits?\b|채널|필터|커널|레이어|층|노드|뉴런|단계|스텝|에폭|초(?!과)|분(?!류)|시간|퍼센트"
    r"|프로(?!그)|%|장|행|년|월|대\b|종류|클래스|스트라이드|패딩|코어|단어|블록|이미지|데이터|샘플"
    r"|(?:[a-z]+\s)?(?:channels?|filters?|kernels?|layers?|nodes?|neurons?|units?|steps?|epochs?|seconds?|minutes?|hours?|times"
    r"|ways|things|reasons|classes|dims?|dimensions?|gpus?|images?|samples?|strides?|paddings?)\b"
    r"|st\b|nd\b|rd\b|th\b|x(?!\s?[\d(a-z])"
)
_OTHER = re.compile(rf"(?P<count>\s?개(?:의|짜리)?)?[ -]?(?:{_NOUNS})", re.IGNORECASE)
_SCALE = re.compile(
    r"(?P<letter>[kK](?![\w^])|\s?[MGT](?![\w^]))|\s?(?P<word>thousand|million|billion|trillion)(?![a-z])",
    re.IGNORECASE,
)
_PREFIXED = re.compile(
    r"\s?(?:(?P<letter>[kmgt])(?P<binary>i)?b(?:ytes?)?(?![a-z])"
    r"|(?P<word>kilo|mega|giga|tera)\s?bytes?(?![a-z])|(?P<hangul>킬로|메가|기가|테라)(?:\s?바이트)?)",
    re.IGNORECASE,
)
_BYTES = re.compile(r"\s?(?:bytes?(?![a-z])|바이트)", re.IGNORECASE)
_LETTER_B = re.compile(r"\s?B(?![\w^])")
_UNITS: Final[tuple[tuple[Unit, re.Pattern[str]], ...]] = (
    ("bytes", _BYTES),
    (
        "parameters",
        re.compile(
            r"\s?(?:개의?\s?)?(?:파라미터|파라메터|매개변수|가중치|parameters?\b|params?\b|weights?\b)", re.IGNORECASE
        ),
    ),
    ("pixels", re.compile(r"\s?(?:픽셀|pixels?\b|px\b)", re.IGNORECASE)),
    ("lines", re.compile(r"\s?(?:줄|라인|lines?\b)", re.IGNORECASE)),
    ("count", re.compile(r"\s?개")),
)
_EXPONENTS: Final = {
    "k": 1, "m": 2, "g": 3, "t": 4, "kilo": 1, "mega": 2, "giga": 3, "tera": 4, "킬로": 1, "메가": 2, "기가": 3, "테라": 4,
    "thousand": 1, "million": 2, "billion": 3, "trillion": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a written number: its value in plain units (bytes, not megabytes)."""

    value: Number
    unit: Unit = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text. ``end`` is past its unit.

    ``grain`` is the size of the last digit given, relative to the value (``1.8만``: 0.1/1.8): half of it is the rounding
    error. ``rounded``: written in thousands, mega or the like, so that rounding is to be expected. ``sure`` is false when
    it may be no number at all (``이만``) or two (``64 128``).
    """

    readings: tuple[Reading, ...]
    end: int
    grain: float
    rounded: bool = False
    sure: bool = True

    @property
    def unit(self) -> Unit:
        return self.readings[0].unit


def quantity_at(text: str, start: int) -> Quantity | None:
    """The number, with its unit, that stands in ``text`` at ``start``; None if there is none."""
    spoken = _korean(text, start)
    if spoken is not None:
        value, end, sure = spoken
        grain, rounded = _grain(value), True
    else:
        plain = _PLAIN.match(text, start)
        if plain is None:
            return None
        written = re.sub(r"[^\d.]", "", plain.group())
        value, end = Fraction(written), plain.end()
        grain, rounded, sure = _grain(value, written), False, _is_one(text, plain)
        if power := _power_of_ten(text, start, end, written):
            factor, end = power
            value *= factor
    if scale := _SCALE.match(text, end):
        exponent = _EXPONENTS[(scale["letter"] or scale["word"]).strip().lower()]
        if scale["letter"] and exponent > 2:  # "16G" is memory
            sized = tuple(Reading(_plain(value * base**exponent)) for base in (1000, 1024))
            return _checked(Quantity(sized, scale.end(), grain, True, sure))
        value, end, rounded = value * 1000**exponent, scale.end(), True
    return _checked(_with_unit(text, value, end, grain, rounded, sure))


def _with_unit(text: str, value: Fraction, end: int, grain: float, rounded: bool, sure: bool) -> Quantity:
    if prefixed := _PREFIXED.match(text, end):
        exponent = _EXPONENTS[(prefixed["letter"] or prefixed["word"] or prefixed["hangul"]).lower()]
        bases = (1024,) if prefixed["binary"] else (1000, 1024)
        sizes = tuple(Reading(_plain(value * base**exponent), "bytes") for base in bases)
        return Quantity(sizes, prefixed.end(), grain, True, True)
    if other := _OTHER.match(text, end):
        past = other.end("count") if other["count"] else end
        return Quantity((Reading(_plain(value), "other"),), past, grain, rounded, sure)
    for unit, pattern in _UNITS:
        if found := pattern.match(text, end):
            return Quantity((Reading(_plain(value), unit),), found.end(), grain, rounded, True)
    if letter := _LETTER_B.match(text, end):
        both = (Reading(_plain(value), "bytes"), Reading(_plain(value * 10**9), ""))
        return Quantity(both, letter.end(), grain, True, sure)
    return Quantity((Reading(_plain(value)),), end, grain, rounded, sure)


def _checked(quantity: Quantity) -> Quantity | None:
    return quantity if all(abs(reading.value) <= LARGEST for reading in quantity.readings) else None


def _plain(value: Fraction) -> Number:
    if value.denominator == 1:
        return value.numerator
    return float(value) if abs(value) <= LARGEST else value.numerator // value.denominator


def _grain(value: Fraction, written: str = "") -> float:
    """Last digit given over the value: ``18000`` → 1000/18000, ``1.50`` → 0.01/1.50."""
    if not value:
        return 0.0
    if "." in written:
        return float(Fraction(1, 10 ** len(written.partition(".")[2])) / value)
    if value.denominator != 1:
        return float(Fraction(1, 10) ** (len(str(float(value)).partition(".")[2])) / value)
    digits = str(value.numerator)
    return float(Fraction(10 ** (len(digits) - len(digits.rstrip("0")))) / value)


def _is_one(text: str, plain: re.Match[str]) -> bool:
    """Whether the groups of three are one number for sure: ``64 128`` and ``(64,128)`` may be two."""
    if " " in plain.group():
        return False
    before, after = text[plain.start() - 1 : plain.start()], text[plain.end() : plain.end() + 1]
    return not ("," in plain.group() and before in tuple("([") and after in tuple(")]"))


def _power_of_ten(text: str, start: int, end: int, written: str) -> tuple[Fraction, int] | None:
    """The factor of ``e9``, ``×10^9``, or of ``^9`` after a 10, and where it ends."""
    found = _EXPONENT.match(text, end)
    if found is None and written == "10":
        found = _TEN_POWER.match(text, end)
        if found and abs(int(found["e"])) <= 30 and not _binds_left(text, start):
            return Fraction(10) ** (int(found["e"]) - 1), found.end()
        found = None
    if found is None and not _binds_left(text, start):
        found = _TIMES_TEN.match(text, end)
    if found is None or abs(int(found["e"])) > 30:
        return None
    return Fraction(10) ** int(found["e"]), found.end()


def _binds_left(text: str, start: int) -> bool:
    """Whether an operator before would take the mantissa alone, as in ``6/3*10^2``."""
    return text[max(0, start - 3) : start].rstrip().endswith(("^", "/", "**"))


def _korean(text: str, start: int) -> tuple[Fraction, int, bool] | None:
    """A numeral with 십 백 천 만 억 조: its value, its end, and whether it is one for sure."""
    at, value, section = start, Fraction(0), Fraction(0)
    digit: Fraction | None = None
    small, large, letters, scaled, written = 10**4, 10**16, 0, False, False
    while at < len(text):
        c = text[at]
        plain = _PLAIN.match(text, at) if digit is None and c.isdigit() and c.isascii() else None
        if plain:
            if " " in plain.group():
                break
            digit, at, written = Fraction(re.sub(r"[^\d.]", "", plain.group())), plain.end(), True
        elif c in _DIGITS and digit is None:
            digit, at, letters = Fraction(_DIGITS[c]), at + 1, letters + 1
        elif c in _SMALL and _SMALL[c] < small:
            section += (Fraction(1) if digit is None else digit) * _SMALL[c]
            digit, small, at, letters, scaled = None, _SMALL[c], at + 1, letters + 1, True
        elif c in _LARGE and _LARGE[c] < large and text[at + 1 : at + 2] not in ("큼", "약", "들", "건"):
            value += (1 if digit is None and not section else section + (digit or 0)) * _LARGE[c]
            section, digit, small, large = Fraction(0), None, 10**4, _LARGE[c]
            at, letters, scaled = at + 1, letters + 1, True
        elif scaled and digit is None and (_JOINED if small > 100 else _JOINED_TENS).match(text, at):
            at += 1
        else:
            break
    if not scaled:
        return None
    if not written:
        if (start and "가" <= text[start - 1] <= "힣") or letters < 2 or not _AFTER_HANGUL.match(text, at):
            return None
    elif "가" <= text[at - 1] <= "힣" and text[at : at + 1] in ("큼", "약"):
        return None
    return value + section + (digit or 0), at, written or letters > 2


# --- Expressions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Node:
    """A number (``quantity`` as it was written), a symbol (``name``), a call of ``name``, or an operator over ``parts``."""

    kind: str
    name: str = ""
    value: Number = 0
    parts: tuple[Node, ...] = ()
    quantity: Quantity | None = None


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    yield node
    for part in node.parts:
        yield from walk(part)


def rename(node: Node, names: Mapping[str, str]) -> Node:
    """The tree with its symbols and called functions renamed."""
    return replace(node, name=names.get(node.name, node.name), parts=tuple(rename(part, names) for part in node.parts))


@lru_cache(maxsize=512)
def parse(expression: str) -> Node:
    """Read an expression of a rubric: ``"kernel**2 * inputs + 1"``.

    Raises:
        ValueError: it is not names, numbers, ``+ - * / // **`` and plain calls.
    """
    if len(expression) > 400:
        raise ValueError(f"the expression '{expression[:40]}…' is longer than 400 characters")
    try:
        return _from_python(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"'{expression}' is not an expression") from None


_OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Pow: "**",
}  # fmt: skip


def _from_python(tree: ast.expr) -> Node:
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Node("number", value=value)
        case ast.Name(id=name):
            return Node("symbol", name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Node("*", parts=(Node("number", value=-1), _from_python(operand)))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return Node(_OPERATORS[type(sign)], parts=(_from_python(left), _from_python(right)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args:
            return Node("call", FUNCTIONS.get(name, name), parts=tuple(map(_from_python, args)))
    raise ValueError(f"'{ast.unparse(tree)}' is not a name, a number, + - * / // ** or a plain call")


def evaluate(node: Node, values: Mapping[str, Number] | Callable[[str], Number], reading: int = 0) -> Any:
    """The value of a tree, a number (complex where a logarithm makes it so); None where it has none or is out of range.

    ``reading`` picks among the meanings of an ambiguous number such as ``1 GB`` (0: decimal, -1: binary).
    """
    look_up = values if callable(values) else values.__getitem__
    try:
        value = _value(node, look_up, reading)
        return value if abs(value) < 1e100 else None
    except (ArithmeticError, ValueError, KeyError, TypeError):
        return None


_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
}  # fmt: skip
_REAL: Final[dict[str, Callable[..., Any]]] = {
    "log": math.log, "exp": math.exp, "sqrt": math.sqrt, "tanh": math.tanh, "abs": abs, "floor": math.floor,
    "ceil": math.ceil, "min": min, "max": max,
}  # fmt: skip
_COMPLEX: Final = {"log": cmath.log, "exp": cmath.exp, "sqrt": cmath.sqrt, "tanh": cmath.tanh}


def _value(node: Node, look_up: Callable[[str], Number], reading: int) -> Any:
    if node.kind == "number":
        return node.quantity.readings[reading].value if node.quantity else node.value
    if node.kind == "symbol":
        return look_up(node.name)
    parts = [_value(part, look_up, reading) for part in node.parts]
    if node.kind == "call":
        return _apply(node.name, parts)
    return _power(*parts) if node.kind == "**" else _ARITHMETIC[node.kind](*parts)


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        if base.bit_length() * abs(exponent) > 400:
            raise OverflowError
        return base**exponent
    return complex(base) ** exponent if isinstance(exponent, complex) else base**exponent


def _apply(name: str, parts: list[Any]) -> Any:
    if name == "sigmoid":
        return 1 / (1 + _apply("exp", [-parts[0]]))
    if name in _COMPLEX and (isinstance(parts[0], complex) or (name in ("log", "sqrt") and parts[0] < 0)):
        return _COMPLEX[name](parts[0])
    if name in _REAL:
        return _REAL[name](*parts)
    phase = sample(name, 0) + sum(part * (index + 2.3) for index, part in enumerate(parts))
    return 0.5 + 0.4 * (cmath.sin(phase) if isinstance(phase, complex) else math.sin(phase))


@lru_cache(maxsize=4096)
def sample(name: str, point: int) -> float:
    """A fixed pseudo-random value in (0.2, 0.9) for a symbol."""
    return 0.2 + 0.7 * zlib.crc32(f"{name}:{point}".encode()) / 2**32


# --- Names ------------------------------------------------------------------------------------------------------------

# How people name the quantities that such tasks are about, by parameter. A name may stand for several; all are tried.
FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "size": (
        "size", "image", "input size", "image size", "input", "n", "i", "h", "w", "h_in", "w_in", "height", "width", "length",
        "input height", "input width", "image height", "image width",
        "크기", "입력", "입력 크기", "이미지", "이미지 크기", "인풋", "높이", "너비", "가로", "세로", "길이",
    ),
    "kernel": (
        "kernel", "k", "f", "kh", "kw", "k_h", "k_w", "kernel_h", "kernel_w", "kernel height", "kernel width",
        "filter height", "filter width", "height", "width", "h", "w",
        "커널", "커널 높이", "커널 너비", "커널 폭", "커널 가로", "커널 세로", "필터 높이", "필터 너비",
        "필터 가로", "필터 세로", "높이", "너비", "가로", "세로", "폭",
    ),
    "inputs": (
        "inputs", "input", "in", "cin", "c_in", "c", "ic", "i", "d", "d1", "n_in", "in channel", "input channel", "input filter",
        "in filter", "input depth", "in depth", "input dim", "input feature", "in feature", "input unit", "ch_in",
        "입력", "입력 채널", "입력 필터", "입력 차원", "입력 뉴런", "입력 노드", "인풋", "인풋 채널", "인풋 필터", "이전 채널",
    ),
    "outputs": (
        "outputs", "output", "out", "cout", "c_out", "oc", "o", "k", "f", "d2", "n_out", "m", "n", "out channel", "output channel",
        "output filter", "out filter", "output depth", "out depth", "output dim", "output feature", "out feature", "output unit", "ch_out",
        "filter", "number of filter", "num_filter", "bias", "biases", "b",
        "출력", "출력 채널", "출력 필터", "출력 차원", "출력 뉴런", "출력 노드", "아웃풋", "아웃풋 채널", "아웃풋 필터", "필터",
        "바이어스", "편향",
    ),
    "stride": ("stride", "s", "스트라이드", "보폭", "간격"),
    "padding": ("padding", "pad", "p", "패딩"),
    "params": (
        "params", "param", "parameter", "parameter count", "number of parameter", "num_param", "n", "p", "weight", "w",
        "model size", "model", "network size", "파라미터", "파라메터", "매개변수", "가중치", "모델", "네트워크", "웨이트",
    ),
    "bytes": (
        "bytes", "byte", "byte per parameter", "bytes per param", "dtype size", "precision", "b",
        "바이트", "자료형", "정밀도",
    ),
    "batch": ("batch", "batch size", "b", "n", "m", "배치", "미니배치"),
    "hidden": ("hidden", "hidden size", "hidden unit", "h", "은닉", "은닉 노드", "은닉 뉴런", "히든", "히든 노드"),
    "vocabulary": ("vocabulary", "vocab", "vocab size", "vocabulary size", "v", "단어", "어휘", "사전"),
    "dimension": ("dimension", "dim", "embedding", "embedding dim", "embedding size", "d", "e", "차원", "임베딩", "임베딩 차원"),
}  # fmt: skip


def family(name: str) -> str | None:
    """The family of quantities that a parameter name belongs to: ``in_channels`` → ``inputs``."""
    if name in FAMILIES:
        return name
    plain = re.sub(r"[\s_-]", "", name.lower()).rstrip("s")
    for title, spellings in FAMILIES.items():
        if any(len(s) > 1 and re.sub(r"[\s_-]", "", s).rstrip("s") == plain for s in spellings):
            return title
    return None


# --- Equality ---------------------------------------------------------------------------------------------------------

Signature = tuple[complex, complex]


def signature(node: Node) -> Signature | None:
    """The values of a tree at two sample points: equal trees agree in it, others hardly ever do."""
    values = [evaluate(node, partial(sample, point=point)) for point in (1, 2)]
    return None if None in values else (values[0], values[1])


def agree(left: Signature | None, right: Signature | None) -> bool:
    """Whether two signatures are the same within rounding."""
    if left is None or right is None:
        return False
    return all(cmath.isclose(a, b, rel_tol=1e-8, abs_tol=1e-9) for a, b in zip(left, right, strict=True))


def equivalent(left: Node, right: Node) -> bool:
    """Whether two trees are equal for all positive values of their symbols (functions without a meaning stay as they are).

    Trees that are the same but for the order of terms and factors are equal without more ado. Of the others, only those that
    agree at the sample points and expand to few terms reach sympy, which then takes milliseconds.
    """
    if not agree(signature(left), signature(right)):
        return False
    if _ordered(left) == _ordered(right):
        return True
    difference = Node("-", parts=(left, right))
    numerator, denominator, degree = _expansion(difference)
    return numerator + denominator <= EXPANSION and degree <= DEGREE and _is_zero(difference)


def same_for_any(tree: Node, answer: Node, parameters: Mapping[str, Number | None]) -> bool:
    """Whether a tree gives an answer's value for arbitrary whole parameters, with or without the answer's rounding.

    ``parameters``: name → the value to hold it at, or None for arbitrary.
    """
    for point in range(3):
        draw = random.Random(point)
        chosen = {name: draw.randint(5, 60) if held is None else held for name, held in parameters.items()}
        values = with_squares(chosen)
        mine, rights = evaluate(tree, values), [evaluate(side, values) for side in (answer, _unrounded(answer))]
        if mine is None or not any(right is not None and cmath.isclose(mine, right) for right in rights):
            return False
    return True


def _unrounded(node: Node) -> Node:
    parts = tuple(map(_unrounded, node.parts))
    if node.kind == "call" and node.name in ("floor", "ceil"):
        return parts[0]
    return replace(node, kind="/" if node.kind == "//" else node.kind, parts=parts)


def with_squares(values: Mapping[str, Number]) -> dict[str, Number]:
    """The values, and under ``name**2`` their squares: "커널 크기" may be one side of the kernel or all of it."""
    return {**values, **{name + SQUARED: value * value for name, value in values.items()}}


def _expansion(node: Node) -> tuple[float, float, float]:
    """How many terms the numerator and denominator have when multiplied out, at most, and their degree."""
    if not node.parts:
        return 1, 1, 1
    sizes = [_expansion(part) for part in node.parts]
    if node.kind == "call":
        return max(max(n, d) for n, d, _ in sizes), 1, max(degree for *_, degree in sizes)
    (a, b, m), (c, d, n) = sizes
    match node.kind:
        case "+" | "-":
            return a * d + b * c, b * d, m + n
        case "*":
            return a * c, b * d, m + n
        case "/" | "//":
            return a * d, b * c, m + n
    if any(part.kind == "symbol" for part in walk(node.parts[1])):
        return a * c, b * d, m + n
    exponent = evaluate(node.parts[1], {})
    if exponent is None or isinstance(exponent, complex) or abs(exponent) > 12:
        return math.inf, math.inf, math.inf
    times = max(1, math.ceil(abs(exponent)))
    return (a + b) ** times if a + b > 2 else 1, (a + b) ** times if a + b > 2 else 1, m * times


def _ordered(node: Node) -> Node:
    """The tree with its sums and products in one order: ``b*a + c`` for ``c + a*b``."""
    parts = tuple(map(_ordered, node.parts))
    if node.kind not in ("+", "*"):
        return replace(node, parts=parts)
    terms: list[Node] = []
    for part in parts:
        terms.extend(part.parts if part.kind == node.kind else [part])
    return replace(node, parts=tuple(sorted(terms, key=repr)))


@lru_cache(maxsize=1024)
def _is_zero(difference: Node) -> bool:
    """Whether sympy proves the difference zero. Called on small trees only."""
    import sympy

    try:
        expanded = sympy.expand(sympy.expand_log(_to_sympy(difference, sympy), force=True))
        return bool(expanded == 0 or sympy.expand(sympy.fraction(sympy.together(expanded))[0]) == 0)
    except (ArithmeticError, ValueError, TypeError, AttributeError, RecursionError):
        return False


def _to_sympy(node: Node, sympy: Any) -> Any:
    if node.kind == "number":
        return sympy.Rational(str(node.value))
    if node.kind == "symbol":
        return sympy.Symbol(node.name, positive=True)
    parts = [_to_sympy(part, sympy) for part in node.parts]
    if node.kind == "//":
        return sympy.Function("floor_of")(parts[0] / parts[1])
    if node.kind != "call":
        return parts[0] ** parts[1] if node.kind == "**" else _ARITHMETIC[node.kind](*parts)
    known = {"log": sympy.log, "exp": sympy.exp, "sqrt": sympy.sqrt, "tanh": sympy.tanh, "abs": sympy.Abs}
    if node.name == "sigmoid":
        return 1 / (1 + sympy.exp(-parts[0]))
    return known.get(node.name, sympy.Function(f"{node.name}_of"))(*parts)
