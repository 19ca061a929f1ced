"""Words of Korean, English and mixed text, with the field's terms recognised in whatever form they are written.

Replies and questions mix both languages ("BN 쓰면 gradient 소실이 줄어요"), so everything that compares texts
(embeddings, the offline judge) needs the same view of them: morphemes instead of blank-separated words, and one name
for "learning rate", "러닝 레이트" and "학습률". Kiwi gives the morphemes, ``lexicon.yaml`` the names.

    [(t.form, t.tag, t.term) for t in tokens("Learning-rate가 크면 발산해요")]
    # [("learning-rate", "NNG", "learning-rate"), ("가", "JKS", ""), ("크", "VA", ""), ("면", "EC", ""),
    #  ("발산", "NNG", "diverge"), ("하", "VV", ""), ("어요", "EF", "")]

Loading Kiwi takes one to two seconds, so it happens at the first use and once a process. Its dictionary of
encyclopedia titles stays unloaded: that halves the time, and the terms that matter here are in the lexicon.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import yaml

from knowledge.errors import UserMistake

if TYPE_CHECKING:
    from kiwipiepy import Kiwi

__all__ = [
    "LEXICON",
    "Token",
    "kiwi",
    "lexicon",
    "nfc",
    "spellings",
    "squeezed",
    "stem",
    "term_of",
    "tokens",
    "tokens_many",
]

LEXICON = Path(__file__).with_name("lexicon.yaml")

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_SEPARATOR = re.compile(r"[\s_\-\u2010-\u2015]+")
_APART = re.compile(r"\n|\s[_\-\u2010-\u2015]|[_\-\u2010-\u2015]\s")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LATIN_STOP = re.compile(r"(?<=[A-Za-z])\.(?=[\s\"')\]]|$)")
_BLANKS = re.compile(r"[^\S\n]+")
_ASCII = re.compile(r"[\x00-\x7f]+")
_BRITISH = re.compile(r"is(?=ation|er|ed?\b|es\b|ing\b)")
_LONGEST = 8
"""A term is at most this many tokens; the longest form in the lexicon is well below."""


class Token(NamedTuple):
    """A morpheme, or a term of the lexicon in one piece.

    ``form`` is in lower case (a verb's is its stem, as Kiwi writes it), ``tag`` is Kiwi's, ``start`` and ``end`` are
    offsets into the text in NFC (``nfc``), and ``term`` is the lexicon's id or "".
    """

    form: str
    tag: str
    start: int
    end: int
    term: str


class _Morpheme(Protocol):
    """What is read of ``kiwipiepy.Token``."""

    @property
    def form(self) -> str: ...
    @property
    def tag(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


_loading = threading.Lock()
_stemming = threading.Lock()


def kiwi() -> Kiwi:
    """The process's one Kiwi, with the lexicon's Korean words in its dictionary; loaded at the first call."""
    with _loading:
        return _load_kiwi()


@cache
def _load_kiwi() -> Kiwi:
    from kiwipiepy import Kiwi

    loaded = Kiwi(load_multi_dict=False)
    for word in _dictionary_words():
        loaded.add_user_word(word, "NNG")
    loaded.tokenize("")  # compiles the dictionary now, inside the lock, instead of in the first turn
    return loaded


def _dictionary_words() -> list[str]:
    """The lexicon's Korean words without Latin letters or digits, closed up, in a fixed order."""
    words = {_SEPARATOR.sub("", form) for forms in lexicon().values() for form in forms}
    return sorted(word for word in words if len(word) > 1 and all(map(_HANGUL.match, word)))


def tokens(text: str) -> list[Token]:
    """The text's morphemes in order, terms in one piece. Offsets are into ``nfc(text)``."""
    text = nfc(text)
    return _merged(text, kiwi().tokenize(_for_kiwi(text)))


def tokens_many(texts: Iterable[str]) -> list[list[Token]]:
    """``tokens`` of each text; Kiwi works on them in parallel."""
    texts = [nfc(text) for text in texts]
    return [_merged(text, found) for text, found in zip(texts, kiwi().tokenize(map(_for_kiwi, texts)), strict=True)]


def _for_kiwi(text: str) -> str:
    """The text with full stops behind Latin words as "!": Kiwi takes "gradient." for the abbreviation "dient."."""
    return _LATIN_STOP.sub("!", text)


def nfc(text: str) -> str:
    """The text with Hangul and accents composed (macOS decomposes them), and halves of characters replaced."""
    return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text))


def squeezed(text: str) -> str:
    """The text with runs of blanks as one; lines stay."""
    return _BLANKS.sub(" ", text)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """An English word's stem (Snowball): "saturated", "saturates" and "saturation" have the same one."""
    with _stemming:  # the stemmer keeps the word in itself while at work
        return _stemmer().stemWord(word.lower())


@cache
def lexicon() -> Mapping[str, tuple[str, ...]]:
    """The lexicon: forms by canonical id.

    Raises:
        UserMistake: the file is missing or wrong, or a form stands under two ids.
    """
    try:
        data = yaml.load(LEXICON.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserMistake(f"{LEXICON}: can't be read ({type(error).__name__}); reinstall the program") from None
    if not isinstance(data, dict):
        raise UserMistake(f"{LEXICON}: no terms; write one as 'id: [form, form]'")
    return {str(term): tuple(str(form) for form in forms) for term, forms in data.items()}


@cache
def spellings() -> Mapping[str, tuple[str, str]]:
    """How each term is mostly written, by its id: among Korean words (its first form), and without Hangul."""
    return {
        term: (forms[0], next((f for f in forms if not _HANGUL.search(f)), forms[0]))
        for term, forms in lexicon().items()
    }


def term_of(text: str) -> str:
    """The id of the term that the whole text is a form of, or "": ``term_of("러닝 레이트") == "learning-rate"``."""
    return _terms().get(_key(nfc(text)), "")


@cache
def _terms() -> Mapping[str, str]:
    """Term ids by ``_key`` of their forms."""
    terms: dict[str, str] = {}
    for term, forms in lexicon().items():
        for form in forms:
            if terms.setdefault(_key(nfc(form)), term) != term:
                raise UserMistake(f"{LEXICON}: '{form}' stands under both '{terms[_key(nfc(form))]}' and '{term}'")
    return terms


@cache
def _beginnings() -> frozenset[str]:
    """Every proper beginning of a key: a run of tokens that is not among them can't become a term."""
    return frozenset(key[:end] for key in _terms() for end in range(1, len(key)))


def _key(form: str) -> str:
    """A form as it is compared: lower case, -ize, singular, closed up."""
    return _closed(_singular(form.lower()))


@lru_cache(maxsize=50_000)
def _closed(form: str) -> str:
    return _SEPARATOR.sub("", _BRITISH.sub("iz", form))


def _singular(word: str) -> str:
    """Without a plural -s ("gradients"); "loss", "bias" and the verb in "this means" stay."""
    plural = len(word) > 3 and word.endswith("s") and word[-2] not in "aisu" and word != "means"
    return word[:-1] if plural else word


@cache
def _stemmer() -> _Stemmer:
    import snowballstemmer

    stemmer: _Stemmer = snowballstemmer.stemmer("english")
    return stemmer


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802


def _merged(text: str, found: Sequence[_Morpheme]) -> list[Token]:
    """Morphemes with the longest terms, from left to right, in one piece."""
    out: list[Token] = []
    position = 0
    while position < len(found):
        first = found[position]
        stop, term = _longest_term(text, found, position)
        if stop > position + 1:
            end = found[stop - 1].end
            out.append(Token(text[first.start : end].lower(), "NNG", first.start, end, term))
        else:
            out.append(Token(first.form.lower(), first.tag, first.start, first.end, term))
        position = max(stop, position + 1)
    return out


def _longest_term(text: str, found: Sequence[_Morpheme], position: int) -> tuple[int, str]:
    """The end (exclusive) of the longest term that starts at this morpheme, and its id; (position, "") if none."""
    start, best = found[position].start, (position, "")
    if found[position].tag.startswith(("J", "E", "XS")) or not text[start : found[position].end].strip():
        return best
    terms, beginnings = _terms(), _beginnings()
    for stop in range(position + 1, min(position + _LONGEST, len(found)) + 1):
        last = found[stop - 1]
        written = text[start : last.end].lower()
        if _APART.search(written):  # two lines, or two items of a list, are no one term
            break
        closed = _closed(written)
        if last.tag[0] not in "JE" or last.tag == "ETN":
            term = terms.get(closed) or terms.get(_closed(_singular(written)))
            if term and not (len(closed) <= 4 and len(written) > len(closed) and _ASCII.fullmatch(closed)):
                best = (stop, term)
        if closed not in beginnings:
            break
    return best
