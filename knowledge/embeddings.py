"""Embeddings of Korean, English and mixed text: offline by default, or any of LangChain's by name.

The offline ones need no download, so that retrieval works on a fresh machine without network or key::

    vector, other = KiwiEmbeddings().embed_documents(["기울기 소실", "vanishing gradients"])
    sum(a * b for a, b in zip(vector, other))       # 0.61: the same term in two languages

A text becomes a bag of features: the lexicon's terms (``knowledge.language``; they carry meaning across languages and
spellings), the parts of compound terms, stems of content words, and character n-grams (for typos, endings and words
unknown to Kiwi). Each kind has a weight; function morphemes and the words of every question ("설명", "reason") count
half a word, in the place of inverse document frequencies: these would need a corpus, and one text has one vector
wherever it stands. Counts are damped by their square root, features hashed with a sign into ``DIMENSION`` buckets (Weinberger et
al. 2009) by CRC-32, which is the same in every process, and vectors have length 1.

Measured by ``python -m eval.retrieval`` on queries that no choice was made on (96: 32 Korean, 32 English, 32 mixed):

    =====================  ========  ========  =====
    search                 recall@1  recall@5  MRR
    =====================  ========  ========  =====
    BM25, words            0.146     0.302     0.214
    BM25, Kiwi morphemes   0.417     0.656     0.521
    this                   0.771     0.938     0.843
    fused (RRF) with BM25  0.583     0.781     0.669
    blended, 9 : 1         0.802     0.938     0.859
    =====================  ========  ========  =====

So the vectors serve alone. Fusing ranks with so much weaker a search loses. Blending a tenth of BM25's score into the
cosine finds three more of these 96 at once, none more among five, and none more of the 97 of the tune split, where the
choice was made: no reason to keep a second index in memory and in step with the first.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from knowledge.errors import UserMistake
from knowledge.language import LEXICON, Token, nfc, stem, term_of, tokens, tokens_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DIMENSION", "OFFLINE", "KiwiEmbeddings", "embeddings", "identity"]

OFFLINE = "offline"
_EXAMPLES = f"'{OFFLINE}' or a provider and model such as 'openai:text-embedding-3-small'"
DIMENSION = 2048

TERM, PART, WORD, WORD_OF_TERM, VERB, COMMON, NGRAM = 1.5, 0.6, 1.0, 0.4, 0.7, 0.5, 0.3
"""Weights of the features: round values, chosen on the tune split of ``eval/data/retrieval``, where changing
any one by a third or a half moves recall@1 by five queries of 97 at most."""

_COMMON_TERMS = frozenset(
    "advantage disadvantage difference effect explanation function meaning method model number operation problem "
    "principle purpose reason size solution technique time training value word".split()
)
_COMMON_WORDS = frozenset(
    "것 거 수 때 때문 점 등 중 후 전 뜻 말 정도 경우 하 되 있 없 같 이렇 그렇 어떻 말하 알 쓰 보 주 나오 생기 좋 "
    "a an the is are was were be been being to of in on at for and or not no it its this that these those with by as "
    "from so do does did how what why which who when where you your i we they can could would should will may might "
    "have has had if then than but about into there here their them me my our more most some any all only just very "
    "use used get make let take give need way tell say us much many".split()
)
_RUN = re.compile(r"[가-힣]+|[a-z]+")


class KiwiEmbeddings(Embeddings):
    """Offline embeddings: no download, no state. A text has ``DIMENSION`` numbers, of length 1 (of none: 0)."""

    name = OFFLINE
    version = "1"

    @property
    def identity(self) -> str:
        """Name and version, and a checksum of what a vector depends on besides: the lexicon and Kiwi's version."""
        kiwi = metadata.version("kiwipiepy") + metadata.version("kiwipiepy_model")
        return f"{self.name}-{self.version}-{zlib.crc32(LEXICON.read_bytes() + kiwi.encode()):08x}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [_vector(text, found).tolist() for text, found in zip(texts, tokens_many(texts), strict=True)]

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = _vector(text, tokens(text)).tolist()  # Kiwi's workers don't pay for one text
        return vector


def _vector(text: str, found: Iterable[Token]) -> NDArray[np.float64]:
    counts: Counter[tuple[str, float]] = Counter()
    for token in found:
        counts.update(_features(token))
    for run in _RUN.findall(nfc(text).lower()):
        counts.update((gram, NGRAM) for gram in _ngrams(run))
    vector = np.zeros(DIMENSION)
    for (feature, weight), count in counts.items():
        bucket, sign = _bucket(feature)
        vector[bucket] += sign * weight * count**0.5
    length = np.linalg.norm(vector)
    return vector / length if length else vector


@lru_cache(maxsize=100_000)
def _bucket(feature: str) -> tuple[int, int]:
    code = zlib.crc32(feature.encode())
    return code % DIMENSION, 1 if code >> 31 else -1


def _features(token: Token) -> list[tuple[str, float]]:
    """A token's features and their weights. Terms, words and n-grams have names of their own ("t:", "w:", "n:")."""
    if token.term:
        weight = COMMON if token.term in _COMMON_TERMS else TERM
        words = [(f"w:{_root(word)}", weight / TERM * WORD_OF_TERM) for word in re.split(r"[\s_-]+", token.form)]
        return [(f"t:{token.term}", weight), *((f"t:{part}", PART) for part in _parts(token.term)), *words]
    word = _root(token.form)
    return [(f"w:{word}", COMMON if token.form in _COMMON_WORDS else _weight(token))]


def _weight(token: Token) -> float:
    match token.tag:
        case "SL" | "SH":
            return WORD if len(token.form) > 1 else COMMON
        case "NNG" | "NNP" | "XR" | "MAG":
            return WORD
        case tag if tag.startswith(("VV", "VA")):
            return VERB
        case _:
            return COMMON


def _root(word: str) -> str:
    return stem(word) if word.isascii() else word


@lru_cache(maxsize=10_000)
def _parts(term: str) -> tuple[str, ...]:
    """The terms inside a compound one: "stochastic-gradient-descent" has "stochastic" and "gradient"."""
    words = term.split("-")
    return tuple(part for word in words if (part := term_of(word))) if len(words) > 1 else ()


def _ngrams(run: str) -> list[str]:
    """Character pairs and triples of Hangul, triples and fours of Latin words with their ends marked."""
    text, sizes = (f"^{run}$", (3, 4)) if run.isascii() else (run, (2, 3))
    return [f"n:{text[i : i + n]}" for n in sizes for i in range(len(text) - n + 1)]


def embeddings(spec: str = OFFLINE) -> Embeddings:
    """The embeddings that a setting names: "offline", or "provider:model" as in LangChain's ``init_embeddings``.

    Raises:
        UserMistake: no such provider, its package or key is missing, or the name is not "provider:model".
    """
    spec = spec.strip()
    if spec.lower() in {"", OFFLINE}:
        return KiwiEmbeddings()
    provider, _, model = spec.partition(":")
    if not (provider and model):
        raise UserMistake(f"embeddings '{spec}' are not known; give {_EXAMPLES}")
    from langchain.embeddings import init_embeddings

    # OpenAI's would count tokens, with a vocabulary to be downloaded, and send token ids, which other servers refuse.
    options: dict[str, Any] = {"check_embedding_ctx_length": False} if provider.lower().endswith("openai") else {}
    try:
        made = init_embeddings(spec, **options)
    except ImportError as error:
        raise UserMistake(f"embeddings '{spec}': {_first_line(error)}") from None
    except Exception as error:  # providers raise what they like for a missing key or a wrong name
        raise UserMistake(f"embeddings '{spec}' can't be used: {_first_line(error)}; else give {_EXAMPLES}") from None
    return made


def identity(made: Embeddings) -> str:
    """The embeddings' name and version: vectors of different identities must never be compared."""
    if isinstance(made, KiwiEmbeddings):
        return made.identity
    said = [getattr(made, name, None) for name in ("model", "model_name", "model_id", "dimensions", "size")]
    return "-".join([type(made).__name__, *(str(value) for value in said if value)])


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
