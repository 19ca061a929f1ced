"""Read a reply the way the offline judge needs it: clause by clause, with what is negated and what is only a yardstick.

    [clause] = read("sigmoid는 relu보다 빠르지 않다")
    [(word.form, word.negated, word.yardstick) for word in clause.words]
    # [("sigmoid", 0, False), ("relu", 0, True), ("빠르", 1, False)]

A reply with all the right words can claim the opposite, and a list of terms claims nothing. So a claim is looked for
within one clause or its neighbours (``matching.py``), never in the whole reply, and each word knows whether it is
negated (않다, 없다, 안, 못, 아니다, not, no, never), conditional ("쓰지 않으면", "없이", "without": true of both sides), or the
thing compared with ("sigmoid보다", "than sigmoid"). Morphemes come from ``knowledge.language``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from knowledge.language import Token, nfc, stem, tokens, tokens_many

__all__ = ["AFFIRMED", "CONDITIONAL", "NEGATED", "Clause", "Word", "content_words", "keys_of", "read"]

LONG_ITEM = 5
"""Content words from which an item of a list says something by itself."""

Polarity = Literal[0, 1, 2]
AFFIRMED: Polarity = 0
NEGATED: Polarity = 1
CONDITIONAL: Polarity = 2


@dataclass(slots=True)
class Word:
    """A content word. ``key`` is what it is compared by: the lexicon's term ("#relu"), an English stem, or the morpheme.

    ``parts`` are the keys of the words in a term of several ("vanishing gradient"); ``negation`` is where the negation
    stands that reaches this word: words under one negation are turned round once, together; ``suffix`` is what hangs on the
    noun ("당" in "층당").
    """

    key: str
    form: str
    start: int
    end: int
    negated: Polarity = AFFIRMED
    negation: int = 0
    yardstick: bool = False
    topic: bool = False
    parts: tuple[str, ...] = ()
    suffix: str = ""


@dataclass(slots=True)
class Clause:
    """A clause of a reply: ``start`` and ``end`` are offsets into the NFC text.

    ``sentence`` numbers its sentence; ``linked`` tells that the sentence goes on from the one before ("그래서 …");
    ``heading`` that it only announces what follows ("장점:"); ``listed`` that it is an item of a bare list of terms;
    ``supposed`` that it only puts a case ("전부 쓰면") or a belief that is taken back ("멀 것 같지만", "바꾸는 줄 알았는데").
    """

    start: int
    end: int
    text: str
    words: list[Word]
    sentence: int
    linked: bool = False
    heading: bool = False
    listed: bool = False
    prevents: bool = False
    supposed: bool = False


@dataclass(slots=True)
class _Piece:
    """A run of tokens between two clause boundaries."""

    tokens: list[Token] = field(default_factory=list)


_CONTENT = ("NNG", "NNP", "NR", "VV", "VA", "XR", "SL", "SN", "SH", "MAG", "MM", "W_", "NNB", "NP")
_DROPPED = frozenset(
    "것 수 때문 때 거 등 점 이 그 저 듯 뿐 줄 데 바 안 못 더 또 및 즉 이런 그런 이것 그것 우리 저희 제 나 너 매우 아주 너무 좀 잘 정말 여러 하나 달리 없이 있".split()
)
_LIGHT = frozenset("하 되 있 주 보 이 나 지 같 일어나 생기 나타나".split())
_HAPPENS = frozenset("발생 존재 등장 성립".split())
"""Nouns that with 하다 say of their subject that it is there: "소실이 발생하지 않는다" negates the subject."""
_BOUNDARY = frozenset(
    "고 며 으며 지만 지만은 는데 은데 ᆫ데 으나 나 면서 으면서 거나 다면 ᆫ다면 면 으면 라면 라서 어서 아서 니까 으니까 니 으니 므로 으므로 길래 더니".split()
)
_IF = frozenset("면 으면 다면 ᆫ다면 는다면 라면 이라면 거든 어야 아야 어도 아도 더라도".split())
_CASE = frozenset("면 으면 다면 ᆫ다면 는다면 라면 이라면".split())
_UNREAL = frozenset("다면 라면 더라면".split())
_BUT = frozenset("지만 지만은 는데 은데 ᆫ데 으나 나".split())
_UNDONE = frozenset("사용 적용 포함 반영 이용 활용 참여 갱신".split())
"""Nouns that "미" negates ("학습에 미사용"); with others it makes a word of its own ("미분")."""
_PREDICATIVE = frozenset(
    "방지 향상 감소 증가 상승 하락 조정 변경 추가 적용 사용 제거 확인 완화 개선 가능 불가 불가능 필요 불필요 발생 단축 촉진 유지 고정 용이 유리 불리 민감 취약 억제 해결 극복 의존 조절 축적 확대 공유 손실 고려 점검 교체".split()
)
"""Nouns that are the predicate of what stands before them in notes: "기울기 소실 방지" says something, "기울기 소실" doesn't."""
_ASKING = re.compile(r"(?:까|나요|가요|은가|는가|나|던가)$")
_LINK = frozenset(
    "이렇게 이러면 그래서 따라서 그러므로 그러면 그럼 즉 때문에 이로 결국 so thus therefore hence this that it which then consequently".split()
)
_NEGATION = frozenset(
    "not no never cannot cant dont doesnt isnt arent wont wasnt didnt nor neither hardly rarely nothing none lack lacks "
    "lacking fails fail".split()
)
_ENGLISH_BREAK = frozenset("but while whereas although though because since so however if when unless which".split())
_ENGLISH_STOP = frozenset(
    "a an the is are was were be been being am it its this that these those of to in on at by for with as from into and or but so "
    "because since while whereas although though if when then than there here do does did can could will would should may might "
    "must has have had i you we they he she my your our their them us also just very really quite such some any each "
    "which who what how why where s t re ve ll d m about like".split()
)
_ENGLISH_VERB = frozenset(
    "is are was were has have had does do did can could will would should may might must doesn isn don aren won".split()
)
_EQUALS = ("=", "≈", "∝", "←")
_JOINT = re.compile(r"[\s-]+")
_SENTENCE = re.compile(
    r"\n+|(?<=[.!?。])(?=\s|[가-힣])|(?<=다\.)|[;；]|(?<=[ㅋㅎㅠㅜ])\s|(?<=[요다음함임됨죠])\s(?=[A-Z\[<{#])"
)
"""Ends of sentences; a candidate in a hurry ends one with "ㅋㅋ", or with nothing before a word in capitals."""
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d+[.)]|\(\d+\)|[①-⑨])\s*")


def read(text: str) -> list[Clause]:
    """The clauses of a reply, in order."""
    text = nfc(text)
    clauses: list[Clause] = []
    for number, (start, sentence) in enumerate(_sentences(text)):
        found = tokens(sentence)
        equates = any(token.form in _EQUALS for token in found)  # then slashes are more likely fractions than a list's
        pieces = list(_pieces(found, within=_within(found) if equates else ()))
        listed = _is_list(sentence, pieces)
        if not listed and not equates:
            pieces = list(_pieces(found, within=_within(found)))
        first_word = next((t.form for t in found if t.tag[0] in "NMSVI"), "")
        unreal = False
        for place, piece in enumerate(pieces):
            clause = _clause(text, start, piece.tokens, number)
            if clause is None:
                continue
            following = pieces[place + 1].tokens if place + 1 < len(pieces) else ()
            clause.supposed = unreal or _is_supposed(piece.tokens, following)
            unreal = unreal or _is_counterfactual(piece.tokens)
            clause.listed = listed and len(clause.words) < LONG_ITEM and not _is_predicated(clause)
            if clause.listed:
                for word in clause.words:
                    word.topic = False
            clause.linked = first_word in _LINK or sentence.lstrip(" -*>").startswith(("→", "->", "=>"))
            clauses.append(clause)
        if clauses and clauses[-1].sentence == number and sentence.rstrip().endswith((":", "：")):
            clauses[-1].heading = True
    return clauses


def content_words(text: str) -> list[Word]:
    """All content words of a text, without regard to clauses."""
    return list(_words(0, tokens(text)).values())


def keys_of(forms: Sequence[str]) -> list[tuple[str, ...]]:
    """The keys of each form's content words, in order; many short texts at once.

    A form that is negated itself ("포화되지 않다", "라벨 없이", "not zero-centered") has "!" for its last key.
    """
    out = []
    for form, found in zip(forms, tokens_many(forms), strict=True):
        clause = Clause(0, len(form), form, [], 0)
        places = _words(0, found)
        _mark_korean_negation(clause, found, places)
        _mark_english_negation(found, places)
        negated = any(word.negated for word in places.values())
        out.append((*(word.key for word in places.values()), *(("!",) if negated else ())))
    return out


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _SENTENCE.finditer(text):
        yield from _sentence(text, start, match.start())
        start = match.end()
    yield from _sentence(text, start, len(text))


def _sentence(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    bullet = _BULLET.match(text[start:end])
    if bullet:
        start += bullet.end()
    if text[start:end].strip():
        yield start, text[start:end]


def _within(found: Sequence[Token]) -> set[int]:
    """The commas, slashes and dots that part nothing: inside a formula ("f(x, y)", "1/4", "u·v") or a word ("품질/깊이가")."""
    inside: set[int] = set()
    opened: list[int] = []
    for index, token in enumerate(found):
        sides = [*found[max(0, index - 1) : index], *found[index + 1 : index + 2]]
        if token.tag == "SSO":
            opened.append(index)
        elif token.tag == "SSC" and opened:
            content = range(opened.pop() + 1, index)
            if len(content) < 12 and all(found[i].form.isascii() or found[i].tag == "SW" for i in content):
                inside.update(i for i in content if found[i].tag == "SP")
        elif (
            (token.form == "/" and any(token.start in (side.end, side.start - 1) for side in sides))
            or (token.form == "·" and (all(side.form.isascii() for side in sides) or any(map(_is_symbol, sides))))
            or (token.form == ":" and index + 1 < len(found) and found[index + 1].form.startswith("="))
        ):
            inside.add(index)
    return inside


def _is_symbol(token: Token) -> bool:
    """Whether this is a letter of a formula ("η")."""
    return len(token.form) == 1 and token.form.isalpha() and not "가" <= token.form <= "힣"


def _pieces(found: list[Token], within: Container[int] = ()) -> Iterator[_Piece]:
    """Split at connective endings, at commas and the like, except those ``within``, and at English conjunctions."""
    piece = _Piece()
    for index, token in enumerate(found):
        begins = token.tag == "MAJ" or (token.tag == "SL" and _breaks(found, index) and len(piece.tokens) > 1)
        if begins and _has_content(piece):
            yield piece
            piece = _Piece()
        piece.tokens.append(token)
        following = found[index + 1] if index + 1 < len(found) else None
        connective = _connects(found, index)
        comma = (
            (token.tag == "SP" and index not in within)
            or (token.form == "반면" and following is not None and following.tag != "JKB")
            or (token.form == "에" and index > 0 and found[index - 1].form == "반면")
            or (token.form == "에" and index > 1 and (found[index - 2].tag, found[index - 1].form) == ("ETN", "때문"))
            or (token.form == "데" and token.tag == "NNB" and not (following and following.tag[0] == "J"))
            or (token.tag == "SW" and token.form in "→⇒")
            or (token.form == "|" and index > 0 and found[index - 1].end < token.start)
        )
        forbids = connective and [t.form for t in found[index + 1 : index + 3]] == ["안", "되"]
        if ((connective and not forbids) or comma) and _has_content(piece):
            yield piece
            piece = _Piece()
    if piece.tokens:
        yield piece


def _connects(found: Sequence[Token], index: int) -> bool:
    """Whether a clause ends here: at a connective ending, or at the particle that hangs on one ("쓰면|은", "있어서|는")."""
    token = found[index]
    following = found[index + 1] if index + 1 < len(found) else None
    hangs_on = following is not None and following.tag == "JX" and following.start == token.end
    if token.tag == "JX" and index > 0 and found[index - 1].end == token.start:
        token = found[index - 1]
        hangs_on = False
    if token.tag != "EC" or _plain(token) not in _BOUNDARY or hangs_on or (following and following.tag == "VX"):
        return False
    return not (token.form == "어서" and index > 0 and found[index - 1].form == "알")  # "알아서" is an adverb


def _breaks(found: Sequence[Token], index: int) -> bool:
    """Whether an English word begins a clause; "and" does where a verb of its own follows ("… and ReLU is cheap")."""
    form = found[index].form
    if form in ("and", "or"):
        return any(token.form in _ENGLISH_VERB for token in found[index + 1 : index + 5])
    return form in _ENGLISH_BREAK


def _has_content(piece: _Piece) -> bool:
    return any(token.tag[:2] in ("NN", "VV", "VA", "SL", "SN", "XR") for token in piece.tokens)


def _is_list(sentence: str, pieces: list[_Piece]) -> bool:
    """Three or more short items side by side, hardly any of them with an ending, a particle or a function word.

    A list behind a heading ("단점: cold start, sparsity") says something: its items belong to the heading. So does one
    that ends in a predicate ("차원 축소, 노이즈 제거 등에 쓰인다").
    """
    if len(pieces) < 3 or any(sign in sentence for sign in (":", "→", "->", "=>")):
        return False
    spoken = [_is_spoken(piece) for piece in pieces]
    return not spoken[-1] and sum(spoken) * 4 <= len(pieces)


def _is_spoken(piece: _Piece) -> bool:
    tags = {token.tag.partition("-")[0] for token in piece.tokens}
    ending = {"EF", "EC", "ETN", "VCP", "VCN", "JKS", "JKO", "JX", "JKB"}
    named = any(token.form == "_" for token in piece.tokens)  # "is_training" is a name
    words = {token.form for token in piece.tokens if token.tag == "SL" and len(token.form) > 1}
    equation = any(token.form in _EQUALS for token in piece.tokens)
    return bool(equation or tags & ending or (words & _ENGLISH_STOP and not named))


def _is_predicated(clause: Clause) -> bool:
    return len(clause.words) > 1 and clause.words[-1].form in _PREDICATIVE


def _clause(text: str, offset: int, found: list[Token], sentence: int) -> Clause | None:
    if not found:
        return None
    start, end = offset + found[0].start, offset + found[-1].end
    clause = Clause(start, end, text[start:end], [], sentence)
    places = _words(offset, found)
    clause.words = [places[index] for index in sorted(places)]
    _mark_particles(found, places)
    _mark_english_topic(found, places)
    _mark_korean_negation(clause, found, places)
    _mark_english_negation(found, places)
    return clause


def _plain(ending: Token) -> str:
    """An ending without the polite 요 that may hang on it ("알았는데요")."""
    return ending.form.removesuffix("요")


def _is_counterfactual(found: Sequence[Token]) -> bool:
    """Whether what follows in the sentence is not so either ("이진 분류였다면 …")."""
    return any(
        past.tag == "EP" and past.form in ("었", "았", "였") and _plain(ending) in _UNREAL
        for past, ending in pairwise(found)
    )


def _is_supposed(found: Sequence[Token], following: Sequence[Token]) -> bool:
    """Whether the clause's ending puts a case, or takes back what it says; "쓰면 된다" says that it is so."""
    last = next((i for i in range(len(found) - 1, -1, -1) if found[i].tag[0] not in "SJ"), 0)
    if found[last].tag not in ("EC", "EF"):
        return False
    if found[last].tag == "EC" and found[last].form in _CASE:
        return next((token.form for token in following if token.tag[0] not in "SJM"), "") != "되"
    before = {token.form for token in found[max(0, last - 3) : last]}
    return _plain(found[last]) in _BUT and bool(before & {"같", "알", "보이"})


def _words(offset: int, found: Sequence[Token]) -> dict[int, Word]:
    """The content words, by the index of their (last) token."""
    places: dict[int, Word] = {}
    prefix: Token | None = None
    for index, token in enumerate(found):
        tag = token.tag.partition("-")[0]
        if tag == "XPN":
            prefix = None if _undoes(found, index) else token
            continue
        if tag == "XSN" and token.form == "들":
            continue
        if tag == "XSN" and index - 1 in places and not token.term:
            word = places.pop(index - 1)
            word.form, word.end = word.form + token.form, offset + token.end
            word.suffix += token.form
            word.key = word.key if word.key.startswith("#") else word.form
            places[index] = word
            continue
        if tag not in _CONTENT and not tag.startswith("W_"):
            prefix = None
            continue
        if _dropped(token, tag):
            prefix = None
            continue
        form, begin, term = token.form, token.start, token.term
        if prefix is not None:
            form, begin, term, prefix = prefix.form + form, prefix.start, "", None
        parts = _parts(token.form) if term else ()
        places[index] = Word(_key(term, form, tag), form, offset + begin, offset + token.end, parts=parts)
    return places


def _key(term: str, form: str, tag: str) -> str:
    return f"#{term}" if term else stem(form) if tag == "SL" else form


@lru_cache(maxsize=4096)
def _parts(term_form: str) -> tuple[str, ...]:
    """The keys of a term's words, none if it is one word."""
    pieces = _JOINT.split(term_form)
    if len(pieces) < 2:
        return ()
    inner = (t for piece in pieces for t in tokens(piece))
    return tuple(_key(t.term, t.form, t.tag) for t in inner if t.tag.startswith(_CONTENT) and not _dropped(t, t.tag))


def _dropped(token: Token, tag: str) -> bool:
    if token.term:
        return False
    if tag == "SL":
        return (
            token.form in _ENGLISH_STOP
            or token.form in _NEGATION
            or token.form in {"doesn", "isn", "don", "aren", "won", "didn", "wasn", "can't"}
        )
    return token.form in _DROPPED or (tag in ("NNB", "NP") and len(token.form) == 1)


def _mark_particles(found: list[Token], places: dict[int, Word]) -> None:
    """Topics ("sigmoid는") and yardsticks ("sigmoid보다", "sigmoid에 비해", "than sigmoid", "unlike sigmoid")."""
    for index, word in places.items():
        after = found[index + 1 : index + 4]
        if after and after[0].tag in ("JX", "JKS") and after[0].form in ("은", "는", "이", "가"):
            word.topic = True
        forms = [t.form for t in after]
        if forms[:1] in (["보다"], ["처럼"]) or forms[:2] in (
            ["에", "비하"],
            ["과", "달리"],
            ["와", "달리"],
            ["과", "다르"],
            ["와", "다르"],
        ):
            word.yardstick = not (forms[:1] == ["보다"] and word.form.isdecimal())
        if forms[:1] == ["대비"]:
            word.yardstick = True
    yardstick_for = 0
    for index, token in enumerate(found):
        if token.tag == "SL" and token.form in ("than", "unlike", "compared"):
            yardstick_for = 2
        elif index in places and yardstick_for:
            places[index].yardstick = True
            yardstick_for -= 1
        elif token.tag == "SP":
            yardstick_for = 0


def _mark_english_topic(found: list[Token], places: dict[int, Word]) -> None:
    """In a clause of English words alone, what comes before its first verb, as far as function words tell."""
    if any(token.tag[0] in "JEV" for token in found):
        return
    first = next((index for index, token in enumerate(found) if token.form in _ENGLISH_VERB), None)
    subject = [word for index, word in places.items() if first is None or index < first]
    for word in subject[: 1 if first is None else 3]:
        word.topic = True


def _mark_korean_negation(clause: Clause, found: list[Token], places: dict[int, Word]) -> None:
    for index, token in enumerate(found):
        tag = token.tag.partition("-")[0]
        behind = found[index + 1 :]
        if tag == "VX" and token.form in ("않", "못하", "말"):
            verb = None if _reminds(found, index) else _before_ji(found, index)
            polarity = _polarity(clause, behind)
            if verb is not None and polarity is not None:
                _negate(found, places, verb, polarity, subject=_is_light(found, verb))
        elif tag == "MAG" and token.form in ("안", "못") and index + 1 < len(found):
            target = next(
                (
                    i
                    for i in range(index + 1, min(index + 4, len(found)))
                    if found[i].tag[0] in "VN" or found[i].tag == "XR"
                ),
                None,
            )
            polarity = _polarity(clause, found[index + 2 :])
            if index > 1 and found[index - 1].form in _IF:
                _negate(found, places, index - 2, NEGATED, subject=_is_light(found, index - 2))
            elif target is not None and polarity is not None:
                _negate(found, places, target, polarity, subject=_is_light(found, target), before=index)
        elif _undoes(found, index):
            _negate(found, places, index + 1, NEGATED, subject=True, before=index)
        elif _is_cross(clause, found, index):
            _negate(found, places, index, NEGATED, subject=True)
        elif tag == "MAG" and token.form == "없이":
            _negate(found, places, index, CONDITIONAL, subject=True)
        elif (tag == "VA" and token.form == "없") or tag == "VCN":
            if any(t.form in ("뿐", "밖에") for t in found[max(0, index - 3) : index]):
                continue
            polarity = _polarity(clause, behind)
            if polarity is None:
                continue
            if [t.tag for t in found[max(0, index - 3) : index]] in (["ETM", "NNB", "JKS"], ["ETM", "NNB", "JKC"]):
                _negate(found, places, index - 4, polarity, subject=False)  # "줄이는 것이 아니다"
            if index >= 2 and found[index - 1].form in ("수", "리") and found[index - 1].tag == "NNB":
                _negate(found, places, index - 3, polarity, subject=False)
            else:
                _negate(found, places, index, polarity, subject=True)
                needed = next((i for i in range(index - 1, max(0, index - 3), -1) if found[i].form == "필요"), None)
                if needed and needed > 1 and found[needed - 1].tag == "ETM":
                    _negate(found, places, needed - 2, polarity, subject=False)


def _reminds(found: Sequence[Token], index: int) -> bool:
    """Whether this is the "잖" of "사라지잖아요", which denies nothing: 지 and 않 in one syllable."""
    ending = found[index + 1].form if index + 1 < len(found) else ""
    return index > 0 and found[index].start == found[index - 1].start and ending.startswith(("어", "아"))


def _undoes(found: Sequence[Token], index: int) -> bool:
    """Whether this is the "미" of "미사용"."""
    following = found[index + 1].form if index + 1 < len(found) else ""
    return found[index].tag == "XPN" and found[index].form == "미" and following in _UNDONE


def _is_cross(clause: Clause, found: Sequence[Token], index: int) -> bool:
    """Whether this is the X of notes that says no ("포화 X"): a capital by itself behind a noun, with nothing after it."""
    token = found[index]
    if token.form != "x" or index == 0 or not (found[index - 1].tag.startswith(("N", "XR")) or found[index - 1].term):
        return False
    ends = index + 1 == len(found) or (found[index + 1].tag[0] == "S" and found[index + 1].tag != "SL")
    return ends and clause.text[token.start - found[0].start] == "X"


def _polarity(clause: Clause, behind: list[Token]) -> Polarity | None:
    """What a negation means by what follows it: None where it is a question or is itself negated."""
    for position, token in enumerate(behind[:4]):
        if token.tag == "EC" and token.form in ("게", "도록"):
            clause.prevents = True
            return CONDITIONAL
        if token.tag == "EC" and token.form in _IF:
            following = behind[position + 1].form if position + 1 < len(behind) else ""
            return NEGATED if token.form in ("어야", "아야") and following in ("하", "되") else CONDITIONAL
        if token.tag == "EF" and _ASKING.search(token.form):
            return None
        if token.tag in ("VX", "VA", "VCN") and token.form in ("않", "없", "아니") and position:
            return None
        if token.tag in ("SP", "SF"):
            break
    return NEGATED


def _before_ji(found: list[Token], index: int) -> int | None:
    """The verb before "-지 않다", "-지는 않다", "-어지지 않다"; None if there is none."""
    for back in (1, 2):
        at = index - back - 1
        if at >= 0 and found[at + 1].form in ("지", "질", "진") and found[at + 1].tag.startswith("E"):
            while at > 1 and found[at].tag.startswith("VX") and found[at - 1].tag == "EC":
                at -= 2
            return at
    return None


def _is_light(found: list[Token], index: int) -> bool:
    if not 0 <= index < len(found):
        return False
    if found[index].tag == "XSV":
        return index > 0 and found[index - 1].form in _HAPPENS
    return found[index].form in (_LIGHT if found[index].tag.startswith("V") else _HAPPENS)


def _negate(
    found: list[Token],
    places: dict[int, Word],
    index: int,
    polarity: Polarity,
    *,
    subject: bool,
    before: int | None = None,
) -> None:
    """Negate the predicate at ``index`` and what it directly governs: its object and the nouns attached to it, and its
    subject for 없다, 아니다 and light verbs ("수렴이 안 된다")."""
    at = found[index if before is None else before].start + 1
    if index in places:
        _set(places[index], polarity, at)
    position = (before if before is not None else index) - 1
    if before is None and found[index].tag.startswith("XS") and position in places:
        _set(places[position], polarity, at)  # "처리" is what "처리하지 않는다" negates
        position -= 1
    governed = False
    while position >= 0:
        token = found[position]
        tag = token.tag.partition("-")[0]
        if position in places and not tag.startswith(("VV", "VA")):
            _set(places[position], polarity, at)
            governed = governed or tag != "MAG"
        elif not _governs_through(token, governed, subject):
            break
        position -= 1


def _governs_through(token: Token, governed: bool, subject: bool) -> bool:
    """Whether a negation reaches past this token to the words before it. ``governed``: it has reached one already."""
    tag = token.tag.partition("-")[0]
    if tag in ("XSN", "XSV", "XSA", "NNB", "MAG", "SS", "SW", "SSO", "SSC"):
        return True
    if tag == "JKO":
        return not (subject and governed)
    if governed:
        return False
    if tag == "JKB":
        return not subject and token.form in ("에", "로", "으로", "까지")
    return tag == "JKG" or (subject and tag in ("JKS", "JKC", "JX"))


def _set(word: Word, polarity: Polarity, at: int) -> None:
    """Negate a word; a second negation, at another place, takes the first one back."""
    twice = word.negated == NEGATED and polarity == NEGATED and word.negation != at
    word.negated, word.negation = AFFIRMED if twice else polarity, at


def _mark_english_negation(found: list[Token], places: dict[int, Word]) -> None:
    scope, polarity, governed, at = 0, NEGATED, 0, 0
    for index, token in enumerate(found):
        if token.tag == "SP" or (token.tag == "SL" and token.form in ("and", "but", "because", "so", "while")):
            scope = 0
        negation = token.tag == "SL" and (
            token.form in _NEGATION or token.form == "without" or token.form.endswith("n't")
        )
        contraction = token.form == "t" and index >= 2 and found[index - 1].form in ("'", "’")
        following = found[index + 1].form if index + 1 < len(found) else ""
        if (negation or contraction) and following not in ("only", "just", "merely", "forget"):
            scope, governed, at = 3, 0, token.start + 1
            polarity = CONDITIONAL if token.form == "without" else NEGATED
        elif scope and index in places:
            if not (governed and token.tag.startswith(("V", "J"))):
                _set(places[index], polarity, at)
            governed += 1
            scope -= 1
