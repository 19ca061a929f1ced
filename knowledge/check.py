"""Check the numbers and formulas of a reply: the part of a judgement that needs no judge.

A rubric states a number as expressions over parameters and a formula as systems of equations. Here a free reply in Korean,
English or both is searched for what it claims, and the claim is compared with them.

    check = NumberCheck(kind="number", point="count", ..., parameters={"kernel": 3, "inputs": 32, "outputs": 64},
                        answers=(Expected(expression="kernel**2 * inputs * outputs", meaning=...),))
    verify(check, "3x3 커널이니까 3*3*32*64 = 18,432개입니다")     # Finding("hit", "3*3*32*64 = 18,432개", ...)
    verify(check, "그래서 총 576개요")                            # Finding("contradicted", "576개", None)
    verify(check, "채널 수에 비례합니다")                           # None: the words are judged by others
    task(check, seed=7)                                         # the same question with other numbers

A number is a claim by its place in the reply: the end of ``… = …``, after "총" or "therefore", before "입니다". Operands
(the task's own 3, 32, 64), line numbers, "3가지" or "float32" are none. No reply raises or takes long: see the bounds
in ``knowledge.formulas`` and ``knowledge.numbers``.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from knowledge.formulas import Statement, Vocabulary, read
from knowledge.numbers import (
    FAMILIES,
    FUNCTIONS,
    SQUARED,
    Node,
    Number,
    Quantity,
    Signature,
    Source,
    Unit,
    agree,
    equivalent,
    evaluate,
    family,
    parse,
    rename,
    same_for_any,
    signature,
    walk,
    with_squares,
)
from knowledge.rubric import Expected, FormulaCheck, NumberCheck, Text

__all__ = ["Finding", "expected", "task", "verify"]

Verdict = Literal["hit", "partial", "contradicted"]
Span = tuple[int, int]

COMBINATIONS: Final = 32  # readings of ambiguous names that are tried
STATEMENTS: Final = 100  # of a reply that are looked at, its last
GUESSES: Final = 12  # wrong values after which an earlier right one counts as luck

_RANK: Final[Mapping[Verdict, int]] = {"hit": 0, "partial": 1, "contradicted": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reply's number or formula is worth. ``quote`` stands in the reply letter for letter."""

    verdict: Verdict
    quote: str
    meaning: Text | None = None


def verify(
    check: NumberCheck | FormulaCheck, reply: str, parameters: Mapping[str, Number] | None = None
) -> Finding | None:
    """The verdict on the number or formula that a reply states; None if it states none.

    Args:
        parameters: the numbers that were asked about (see ``task``). Without them the question may have been open, and a
            right computation of an example of the candidate's own is a hit; with them it is only partial.

    Raises:
        ValueError: an expression of the check itself is not valid; never because of the reply.
    """
    source = Source(reply)
    if isinstance(check, FormulaCheck):
        return _verify_formula(check, source)
    own_example: Verdict = "hit" if parameters is None else "partial"
    return _verify_number(_Reader(check, source, {**check.parameters, **(parameters or {})}, own_example))


def task(check: NumberCheck, seed: int) -> tuple[dict[str, Number], Text]:
    """Fresh parameters, the same for the same seed, and the task stated with them.

    Raises:
        ValueError: ``ask`` has a placeholder that is no parameter.
    """
    draw = random.Random(f"{check.point}:{seed}")
    parameters = {**check.parameters, **{name: draw.choice(values) for name, values in check.vary.items() if values}}
    return parameters, Text(ko=_fill(check.ask.ko, parameters), en=_fill(check.ask.en, parameters))


def expected(check: NumberCheck, parameters: Mapping[str, Number]) -> list[tuple[Number, Expected]]:
    """The value of each answer for these parameters.

    Raises:
        ValueError: an expression can't be read or has no value.
    """
    results: list[tuple[Number, Expected]] = []
    for answer in check.answers:
        value = evaluate(parse(answer.expression), parameters)
        if not isinstance(value, int | float):
            raise ValueError(f"'{answer.expression}' has no value for {dict(parameters)}")
        results.append((int(value) if value == int(value) else value, answer))
    return results


def _fill(ask: str, parameters: Mapping[str, Number]) -> str:
    def written(found: re.Match[str]) -> str:
        if found[1] not in parameters:
            raise ValueError(f"the task has the placeholder '{{{found[1]}}}', which is no parameter")
        value = parameters[found[1]]
        return f"{int(value):,}" if value == int(value) else f"{value:g}"

    return re.sub(r"\{(\w+)\}", written, ask)


# --- Numbers ----------------------------------------------------------------------------------------------------------

# "커널 크기 × 입력 × 출력" may mean one side of the kernel or all of it.
_KERNEL_SIZE: Final = ("kernel size", "filter size", "커널 크기", "커널 사이즈", "필터 크기", "필터 사이즈")
_KERNEL_AREA: Final = ("kernel area", "filter area", "커널 넓이", "커널 면적", "필터 넓이", "필터 면적")
# What a parameter is when an example does not mention it.
_NEUTRAL: Final[Mapping[str, tuple[Number, ...]]] = {"padding": (0,), "stride": (1,)}

_SENTENCE_END = re.compile(r"[\n?!;]|\.(?=\s|$)")
_ABOUT = r"(?:약|대략|거의|한|about|roughly|approximately|approx\.?|around|nearly|~|≈|≒)"
_APPROXIMATELY = re.compile(rf"{_ABOUT}\s*$", re.IGNORECASE)
_APPROXIMATED = re.compile(r"\s*(?:정도|쯤|가량|남짓|or so)")
_CONCLUDED = re.compile(
    r"(?:정답|답은|답:|총|합계|합치|합쳐|합하|합해|더하|더해|따라서|그러므로|결국|최종|전부|모두"
    r"|\b(?:total|altogether|therefore|thus|hence|answer|final|finally|sum)\b)[^\d\n]{0,16}$",
    re.IGNORECASE,
)
_IN_TOTAL = re.compile(r"\W{0,2}(?:in total|total|altogether|overall)\b", re.IGNORECASE)
_COMPUTED = re.compile(rf"(?:[=≈≒→⇒]|=>|->)\W{{0,3}}{_ABOUT}?\s*$", re.IGNORECASE)
_STATED = re.compile(
    rf"(?:[은는서즉:]|면|니까|므로|라서|출력|결과|용량|메모리|\b(?:is|are|so|gets?|gives?|makes?|equals?|needs?|takes?|requires?))"
    rf"\s*{_ABOUT}?\s*$",
    re.IGNORECASE,
)
_ASSERTED = re.compile(
    r"\s*(?:입니다|이다|이에요|예요|이예요|이요|요(?![가-힣])|임(?![가-힣])|다(?![가-힣])|(?:이|가)?\s?(?:됩니다|된다|됨|돼|되|나옵|나와|나온|필요)"
    r"|정도|쯤|가량|같[아은습]|이고|이며|\W*$)"
)
_OPERAND = re.compile(
    r"(?<!\d)(?<!\d )(?:\b(?:stride|padding|pad|batch(?:[ _]size)?|kernel(?:[ _]size)?|filters?|channels?|lr|rate|epochs?|line|no\.?|version|input"
    r"|float|int|fp|bf)|스트라이드|패딩|배치(?:\s?크기|\s?사이즈)?|커널(?:\s?크기|\s?사이즈)?|필터(?:\s?크기|\s?개?수)?|채널(?:\s?수)?|입력"
    r"(?:\s?크기)?|이미지(?:\s?크기)?|에폭|학습률|문서|라인|질문)\s*(?:은|는|이|가|을|를|에|도|만|=|:|is|are|of)?\s*$",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\W{0,3}(?:이|가|은|는|라고)?\s?(?:아니|아닌|틀)|\W{0,3}(?:is|are) (?:not|wrong)", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|isn't|instead of|rather than)\s*$", re.IGNORECASE)
_CORRECTION = re.compile(
    r"아니(?=[,.…!]| )|정정|다시 (?:계산|하면)|잠깐|\b(?:wait|actually|correction|scratch that|no,)", re.IGNORECASE
)
_BOUND = re.compile(r"\s?(?:이상|이하|미만|초과|보다|[가이을를도]?\s?(?:안 |넘)|or (?:more|less)|at (?:most|least))")
_OR = re.compile(r"\W*(?:개|바이트)?\s?(?:또는|혹은|아니면|이거나|거나|or)\s*$", re.IGNORECASE)
_SHAPE = re.compile(
    r"[(\[]\s*(?:[A-Za-z]\w*\s*,\s*)?(\d{1,6})\s*,\s*(\d{1,6})(?:\s*,\s*(\d{1,6}))?(?:\s*,\s*(\d{1,6}))?\s*[)\]]"
)

_COMPATIBLE: Final[Mapping[str, frozenset[Unit]]] = {
    "": frozenset({"", "count", "parameters", "bytes", "pixels", "lines"}),
    "parameters": frozenset({"", "count", "parameters"}),
    "bytes": frozenset({"", "bytes"}),
    "pixels": frozenset({"", "pixels"}),
}


@dataclass(slots=True)
class _Claim:
    """A number, or an expression for one, as a reply states it.

    ``level``: 0 mentioned, 1 asserted ("18432입니다"), 2 computed ("= 18432"), 3 concluded ("총 18432"). ``evaluated``: the
    number itself is given. ``operand``: it looks like one of the task's own numbers. ``unsure``: one of two offered.
    """

    start: int
    end: int
    level: int
    evaluated: bool
    operand: bool
    values: tuple[Number, ...] = ()
    answer: Expected | None = None
    unsure: bool = False
    own_example: bool = False


def _verify_number(reader: _Reader) -> Finding | None:
    source = reader.source
    claims = _standing(list(reader.claims()), source)
    misses = [c for c in claims if c.answer is None and c.level >= (2 if c.operand else 1)]
    matches = [c for c in claims if c.answer is not None and (c.level >= 1 or not c.operand)]
    if len(misses) > GUESSES:
        matches = [c for c in matches if c.start > misses[-1].start]
    if not matches:
        return Finding("contradicted", source.quote(misses[-1].start, misses[-1].end)) if misses else None
    hits = [c for c in matches if c.answer and c.answer.verdict == "hit"]
    best = max(hits, key=lambda c: (c.evaluated, c.level, c.start)) if hits else matches[-1]
    later = [c for c in misses if c.start >= best.end]
    overruled = [c for c in later if c.level == 3 or not best.evaluated or not hits]
    if overruled:
        return Finding("contradicted", source.quote(overruled[-1].start, overruled[-1].end))
    answer = best.answer
    assert answer is not None
    verdict: Verdict = "partial" if best.unsure and answer.verdict == "hit" else answer.verdict
    if best.own_example and verdict == "hit":
        verdict = reader.own_example
    return Finding(verdict, source.quote(best.start, best.end), answer.meaning)


def _standing(claims: list[_Claim], source: Source) -> list[_Claim]:
    """The claims that were not taken back by "아니, …"; those offered as "A or B" with a wrong B are unsure."""
    for correction in _CORRECTION.finditer(source.text):
        after = [c for c in claims if c.start >= correction.end()]
        claims = after if any(c.level for c in after) or any(c.answer for c in after) else claims
    for one, other in itertools.pairwise(claims):
        if (one.answer is None) != (other.answer is None) and _OR.match(source.text[one.end : other.start]):
            one.unsure = other.unsure = True
            one.level, other.level = (c.level if c.answer else 0 for c in (one, other))
    return claims


class _Reader:
    """Finds the claims of one reply about one check."""

    def __init__(
        self, check: NumberCheck, source: Source, parameters: Mapping[str, Number], own_example: Verdict
    ) -> None:
        self._check, self.source, self._parameters, self.own_example = check, source, parameters, own_example
        self._vocabulary = _vocabulary(tuple(parameters))
        self._answers = expected(check, parameters)
        trees = [parse(answer.expression) for answer in check.answers]
        parts = {evaluate(node, with_squares(parameters)) for tree in trees for node in walk(tree)}
        self._known = parts | set(with_squares(parameters).values()) | {0, 1, 2}
        self._floors = any(node.kind == "//" or node.name in ("floor", "ceil") for tree in trees for node in walk(tree))

    def claims(self) -> Iterator[_Claim]:
        shapes = list(_SHAPE.finditer(self.source.text)) if self._check.unit == "pixels" else []
        found = [
            self._claim(shape.span(), [side], operand=side in self._parameters.values())
            for shape in shapes
            if (side := _repeated([int(group) for group in shape.groups() if group])) is not None
        ]
        mentioned: list[Number] = []
        for statement in read(self.source, self._vocabulary)[-STATEMENTS:]:
            if any(shape.start() <= statement.start < shape.end() for shape in shapes):
                continue
            if claim := self._of_statement(statement):
                if claim.answer is None:
                    self._try_own_example(claim, mentioned + _numbers(statement.sides))
                found.append(claim)
            mentioned += _numbers(statement.sides)
        yield from sorted((c for c in found if not self._negated(c)), key=lambda c: c.start)

    def _try_own_example(self, claim: _Claim, mentioned: list[Number]) -> None:
        """Credit a right value for other parameters that the reply itself mentions: "5x5, 3 to 16 channels: 1200"."""
        pool = [n for n in dict.fromkeys(reversed(mentioned)) if n not in claim.values][:6]
        if self._known.issuperset(pool) or not claim.level:
            return
        pools = [[*pool, *_NEUTRAL.get(family(name) or "", ())] for name in self._parameters]
        examples = [values for values in itertools.product(*pools) if not self._known.issuperset(values)]
        for answer in sorted(self._check.answers, key=lambda answer: _RANK[answer.verdict]):
            for values in examples:
                example = dict(zip(self._parameters, values, strict=True))
                if evaluate(parse(answer.expression), example) in claim.values:
                    claim.answer, claim.own_example = answer, True
                    return

    def _of_statement(self, statement: Statement) -> _Claim | None:
        """What a statement claims: its last side that has a number, else its last."""
        sides = statement.sides
        numeric = [n for n, side in enumerate(sides) if any(node.kind == "number" for node in walk(side))]
        index = numeric[-1] if numeric else len(sides) - 1
        side, span = sides[index], (statement.start, statement.spans[index][1])
        if any(node.kind == "symbol" for node in walk(side)):
            return self._symbolic(side, span) if side.parts else None
        if side.quantity:
            claim = self._single(side.quantity, span, statement.spans[index][0], sides[:index])
        else:
            claim = self._arithmetic(side, span, computed=index > 0)
        if claim and claim.answer is None and self._is_foreign(sides):
            claim.operand, claim.level = True, min(claim.level, 1)
        return claim

    def _is_foreign(self, sides: Iterable[Node]) -> bool:
        """Whether a computation has nothing to do with the task's numbers, as in "an MLP would have 784*100"."""
        operands = _numbers(side for side in sides if side.parts)
        return bool(operands) and self._known.isdisjoint(set(operands) - {0, 1, 2})

    def _arithmetic(self, side: Node, span: Span, computed: bool) -> _Claim | None:
        """``3*3*32*64`` is a claim; ``3x3`` and ``32x32x3`` rather describe, and for a size of an image say its side."""
        numbers, units = _numbers([side]), {node.quantity.unit for node in walk(side) if node.quantity}
        if ("bytes" if "bytes" in units else "") not in _COMPATIBLE[self._check.unit]:
            return None
        product = all(node.kind == "*" for node in walk(side) if node.parts) and len(numbers) <= 4 and not computed
        if product and self._check.unit == "pixels":
            edge = _repeated(numbers)
            return None if edge is None else self._claim(span, [edge], operand=edge in self._parameters.values())
        described = product and ("other" in units or bool(_OPERAND.search(self._before(span[0]))))
        level = 2 if computed else int(len(numbers) > 2)
        operand = described or (len(numbers) == 2 and not computed)
        return self._claim(span, self._values(side, {}), level=level, evaluated=False, operand=operand)

    def _single(self, quantity: Quantity, span: Span, at: int, before: tuple[Node, ...]) -> _Claim | None:
        unit, text = self._check.unit, self.source.text
        values = [reading.value for reading in quantity.readings if reading.unit in _COMPATIBLE[unit]]
        own_unit = quantity.unit != "" and quantity.unit == unit != "pixels"
        given = [value for name, value in self._parameters.items() if not own_unit or family(name) == "bytes"]
        if not values or (before and before[0].kind == "symbol" and values[0] in given):
            return None
        described = not before and bool(_OPERAND.search(self._before(span[0])))
        claim = self._claim(span, values, level=2 if before else 0, operand=described or values[0] in given)
        approximate = _APPROXIMATELY.search(text[max(0, at - 16) : at]) or _APPROXIMATED.match(text, span[1])
        if claim.answer is None and (approximate or (quantity.rounded and quantity.grain <= 0.1)):
            claim.answer = self._match(values, min(quantity.grain / 2, 0.05))
            if claim.answer is None and self._match(values, min(quantity.grain / 2, 0.1)):
                claim.level = 0  # "about 20,000" for 18,432 is neither right nor wrong
        if described or _BOUND.match(text, span[1]) or (not quantity.sure and quantity.unit == ""):
            claim.level = 0
        return claim

    def _symbolic(self, node: Node, span: Span) -> _Claim | None:
        """A formula over the parameters: right for any numbers, or, mixed with numbers, right for these."""
        mixed = any(part.kind == "number" and part.quantity for part in walk(node))
        found: list[Expected] = []
        for names in _assignments([node], self._vocabulary):
            tree = rename(node, names)
            held = {name: self._held(name, tree) for name in self._parameters}
            found += [answer for answer in self._check.answers if same_for_any(tree, parse(answer.expression), held)]
            if mixed and (answer := self._match(self._values(tree, self._parameters), 0.0)):
                found.append(answer)
        if not found:
            return None
        best = min(found, key=lambda answer: _RANK[answer.verdict])
        return _Claim(*span, self._level(*span), evaluated=False, operand=False, answer=best)

    def _held(self, name: str, tree: Node) -> Number | None:
        """The value of a parameter that a formula may leave out: no padding, a stride of one."""
        value = self._parameters[name]
        neutral = value in _NEUTRAL.get(family(name) or "", ())
        return value if neutral and not any(node.name == name for node in walk(tree)) else None

    def _values(self, node: Node, parameters: Mapping[str, Number]) -> list[Number]:
        readings = [evaluate(node, with_squares(parameters), reading) for reading in (0, -1)]
        values = [value for value in readings if isinstance(value, int | float)]
        return values + [math.floor(value) for value in values] if self._floors else values

    def _claim(
        self, span: Span, values: Iterable[Number], *, level: int = 0, evaluated: bool = True, operand: bool = False
    ) -> _Claim:
        values = tuple(values)
        return _Claim(*span, max(level, self._level(*span)), evaluated, operand, values, self._match(values, 0.0))

    def _match(self, values: Iterable[Number], slack: float) -> Expected | None:
        """The answer nearest to a value within the check's tolerance, or within the rounding of the number as written."""
        best: tuple[float, int, Expected] | None = None
        for value in values:
            for right, answer in self._answers:
                error = abs(value - right) / abs(right) if right else abs(value)
                near = error <= self._check.tolerance + 1e-9 or abs(value - right) <= slack * abs(value)
                if near and (best is None or (error, _RANK[answer.verdict]) < best[:2]):
                    best = (error, _RANK[answer.verdict], answer)
        return best[2] if best else None

    def _before(self, start: int) -> str:
        before = self.source.text[max(0, start - 40) : start]
        return _SENTENCE_END.split(before)[-1]

    def _level(self, start: int, end: int) -> int:
        before, text = self._before(start), self.source.text
        if _CONCLUDED.search(before) or _IN_TOTAL.match(text, end):
            return 3
        if _COMPUTED.search(before):
            return 2
        return int(bool(_STATED.search(before) or _ASSERTED.match(text, end)))

    def _negated(self, claim: _Claim) -> bool:
        text = self.source.text
        return bool(_NEGATED.match(text, claim.end) or _NEGATION.search(text[max(0, claim.start - 16) : claim.start]))


def _numbers(sides: Iterable[Node]) -> list[Number]:
    """The numbers written in some trees."""
    return [node.quantity.readings[0].value for side in sides for node in walk(side) if node.quantity]


def _repeated(numbers: list[Number]) -> Number | None:
    """The side of a shape such as 16×16×64: what stands in it twice."""
    return next((n for n in numbers if numbers.count(n) > 1), None)


@lru_cache(maxsize=64)
def _vocabulary(parameters: tuple[str, ...]) -> Vocabulary:
    spellings = {name: FAMILIES.get(family(name) or "", ()) for name in parameters}
    for name in [name for name in parameters if family(name) == "kernel"]:
        spellings[name] += _KERNEL_SIZE
        spellings[name + SQUARED] = _KERNEL_SIZE + _KERNEL_AREA
    return Vocabulary(spellings, prose=True)


def _assignments(trees: Iterable[Node], vocabulary: Vocabulary) -> Iterator[dict[str, str]]:
    """Every way to take the names in some trees for symbols of the vocabulary; unknown names stay."""
    found = dict.fromkeys(node.name for tree in trees for node in walk(tree) if _is_named(node))
    keys = [key for key in found if vocabulary.names(key)]
    choices = itertools.product(*(vocabulary.names(key) for key in keys))
    for choice in itertools.islice(choices, COMBINATIONS):
        yield dict(zip(keys, choice, strict=True))


# --- Formulas ---------------------------------------------------------------------------------------------------------

Entry = tuple[Node | None, Node]

_MEANS: Final = frozenset({"e", "mean", "average", "expectation"})
_MOMENTUM: Final = frozenset({"mu", "μ", "momentum", "beta", "β", "gamma", "γ", "rho", "모멘텀"})
_RATE: Final = frozenset({"lr", "eta", "η", "learning_rate", "learning rate", "학습률"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """An equation (or an expression: ``left`` is None) of the reply, with the readings of its right side."""

    left: Node | None
    right: Node
    forms: tuple[tuple[Node, Signature | None], ...]
    start: int
    end: int


def _verify_formula(check: FormulaCheck, source: Source) -> Finding | None:
    systems, rejected = (
        [[_entry(entry) for entry in system] for system in part] for part in (check.accept, check.reject)
    )
    sides = [side for system in (*systems, *rejected) for entry in system for side in entry if side]
    used = [node for side in sides for node in walk(side) if _is_named(node)]
    if unknown := {node.name.removesuffix("_old") for node in used} - set(check.symbols):
        raise ValueError(f"the formula uses '{min(unknown)}', which is not among its symbols")
    applied = {node.name for node in used if node.kind == "call"}
    vocabulary = Vocabulary(check.symbols, applied)
    equations = [e for e in _equations(read(source, vocabulary)[-STATEMENTS:]) if not _NEGATED.match(source.text, e[3])]
    trees = [side for left, right, *_ in equations for side in (left, right) if side]
    best: tuple[int, list[_Piece]] = (0, [])
    wrong: list[_Piece] = []
    for names in _assignments(trees, vocabulary):
        pieces = [_piece(check, equation, names) for equation in equations]
        for system in systems:
            found = _found(system, pieces)
            if len(found) == len(system):
                return Finding("hit", _quote(source, found))
            best = max(best, (len(found), found), key=lambda pair: pair[0])
        for system in rejected:
            found = _found(system, pieces)
            wrong = found if len(found) == len(system) else wrong
    if wrong:
        return Finding("contradicted", _quote(source, wrong))
    return Finding("partial", _quote(source, best[1])) if best[0] else None


@lru_cache(maxsize=512)
def _entry(text: str) -> Entry:
    """An equation or expression of a rubric.

    Raises:
        ValueError: it is neither.
    """
    left, equals, right = text.partition("=")
    return (_without_mean(parse(left)), _without_mean(parse(right))) if equals else (None, _without_mean(parse(text)))


def _without_mean(tree: Node) -> Node:
    """The tree without ``E(…)``: an expectation is linear, and replies are read without it as well."""
    parts = tuple(map(_without_mean, tree.parts))
    if tree.kind == "call" and tree.name.lower() in _MEANS and len(parts) == 1:
        return parts[0]
    return replace(tree, parts=parts)


def _equations(statements: Iterable[Statement]) -> Iterator[tuple[Node | None, Node, int, int]]:
    """The statements as left and right side; ``a = b = c`` says a = b, b = c and a = c."""
    for statement in statements:
        if len(statement.sides) == 1:
            yield None, statement.sides[0], statement.start, statement.end
        for one, other in itertools.combinations(range(min(len(statement.sides), 4)), 2):
            yield statement.sides[one], statement.sides[other], statement.spans[one][0], statement.spans[other][1]


def _piece(check: FormulaCheck, equation: tuple[Node | None, Node, int, int], names: Mapping[str, str]) -> _Piece:
    left, right, start, end = equation
    left, right = _timeless(rename(left, names)) if left else None, _timeless(rename(right, names))
    forms = tuple((form, signature(form)) for form in _with_constants_named(check, right))
    return _Piece(left, right, forms, start, end)


def _timeless(tree: Node) -> Node:
    """The tree without time indices; where a side has two times of a symbol, the older is ``x_old`` and not ``x``."""
    newest: dict[str, Number] = {}
    for node in walk(tree):
        if node.kind == "symbol":
            newest[node.name] = max(node.value, newest.get(node.name, node.value))

    def timeless(node: Node) -> Node:
        if node.kind != "symbol":
            return replace(node, parts=tuple(map(timeless, node.parts)))
        return Node("symbol", node.name + ("_old" if node.value < newest[node.name] else ""))

    return timeless(tree)


def _with_constants_named(check: FormulaCheck, tree: Node) -> Iterator[Node]:
    """The tree, and, where it has decimals, the tree with 0.9 read as momentum, 0.1 as one minus it, 0.01 as the rate."""
    yield tree
    decimals = {node.value for node in walk(tree) if node.kind == "number" and 0 < node.value < 1}
    if not decimals:
        return
    momentum = next((name for name in check.symbols if _stands_for(check, name, _MOMENTUM)), None)
    rate = next((name for name in check.symbols if _stands_for(check, name, _RATE)), None)
    for complement in (True, False):
        meanings: dict[Number, Node] = {}
        for value in decimals:
            if momentum and value >= 0.5:
                meanings[value] = Node("symbol", momentum)
            elif momentum and complement and any(abs(1 - other - value) < 1e-9 for other in decimals):
                meanings[value] = Node("-", parts=(Node("number", value=1), Node("symbol", momentum)))
            elif rate:
                meanings[value] = Node("symbol", rate)
        if meanings:
            yield _replaced(tree, meanings)


def _stands_for(check: FormulaCheck, name: str, spellings: frozenset[str]) -> bool:
    return not spellings.isdisjoint((name, *check.symbols[name]))


def _replaced(tree: Node, meanings: Mapping[Number, Node]) -> Node:
    if tree.kind == "number":
        return meanings.get(tree.value, tree)
    return replace(tree, parts=tuple(_replaced(part, meanings) for part in tree.parts))


def _found(system: list[Entry], pieces: list[_Piece]) -> list[_Piece]:
    """For each equation of a system the piece that states it, if any."""
    return [piece for entry in system if (piece := next((p for p in pieces if _states(p, entry)), None))]


def _states(piece: _Piece, entry: Entry) -> bool:
    left, right = entry
    if left is None:
        return _is(piece, right) or (piece.left is not None and equivalent(piece.left, right))
    if piece.left is None:
        return False
    if any(node == left for node in walk(right)):  # an update, v = mu*v + …: old and new v have one name
        return (piece.left == left and _is(piece, right)) or (piece.right == left and equivalent(piece.left, right))
    residual, mine = Node("-", parts=(left, right)), Node("-", parts=(piece.left, piece.right))
    return equivalent(mine, residual) or equivalent(mine, Node("-", parts=(right, left)))


def _is(piece: _Piece, tree: Node) -> bool:
    target = signature(tree)
    return any(agree(mine, target) and equivalent(form, tree) for form, mine in piece.forms)


def _is_named(node: Node) -> bool:
    return bool(node.name) and (node.kind == "symbol" or (node.kind == "call" and node.name not in FUNCTIONS))


def _quote(source: Source, pieces: list[_Piece]) -> str:
    start, end = min(p.start for p in pieces), max(p.end for p in pieces)
    whole = source.quote(start, end)
    return whole if len(whole) <= 240 else source.quote(pieces[0].start, pieces[0].end)
