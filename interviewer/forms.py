"""The keys of rubric forms, kept on disk: 64 rubrics have some 12,000 forms, which take Kiwi about two seconds.

    keys = FormKeys(home / "cache").of(["지수 함수", "expensive"])     # [("#exponential",), ("expens",)]

The file is named by a digest of what the keys depend on (the lexicon, Kiwi's version, the code that reads), so a change of
any of these starts a new one. A cache that can't be read or written is no cache; nothing else changes.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from interviewer import reading
from interviewer.reading import keys_of
from knowledge import language

__all__ = ["FormKeys"]


class FormKeys:
    """Keys by form, from memory, from the folder's file, or from Kiwi. Safe to share between threads."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / f"forms-{_digest()}.json" if folder else None
        self._known: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()
        if self._path:
            try:
                self._known = {form: tuple(keys) for form, keys in json.loads(self._path.read_text("utf-8")).items()}
            except (OSError, ValueError, AttributeError, TypeError):
                self._known = {}

    def of(self, forms: Sequence[str]) -> list[tuple[str, ...]]:
        """The keys of each form, in order."""
        with self._lock:
            new = list(dict.fromkeys(form for form in forms if form not in self._known))
            self._known.update(zip(new, keys_of([_conjugated(form) for form in new]), strict=True))
            return [self._known[form] for form in forms]

    def add(self, forms: Iterable[str]) -> bool:
        """Analyse the forms that are not known yet, many at once; whether there were any."""
        before = len(self._known)
        self.of(list(forms))
        return len(self._known) > before

    def save(self) -> None:
        """Write what is known, whole or not at all."""
        if self._path is None:
            return
        with self._lock:
            text = json.dumps(self._known, ensure_ascii=False)
        draft = self._path.with_name(f"{self._path.name}.{threading.get_ident()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._path)
        except OSError:
            return


def _conjugated(form: str) -> str:
    """A dictionary form as it is said in a sentence: "줄이다" alone reads as "줄 + 이다" ("is a line")."""
    return f"{form[:-1]}고 있는 것" if len(form) > 1 and form.endswith("다") else form


@cache
def _digest() -> str:
    parts = [Path(module.__file__ or "").read_bytes() for module in (language, reading)]
    made_by = f"{version('kiwipiepy')} {version('kiwipiepy-model')} {version('snowballstemmer')}".encode()
    return hashlib.sha256(b"\0".join([*parts, language.LEXICON.read_bytes(), made_by])).hexdigest()[:16]
