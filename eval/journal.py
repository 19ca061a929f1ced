"""What is done of a run that is not finished: one JSON line a case, written as soon as the case is done.

    journal = Journal(out / "journal.jsonl")
    journal.get(key)                  # the record of a case that an interrupted run had done, or None
    journal.put(key, record)

A run that was broken off (Ctrl-C, a crash, a power cut, a spent budget) goes on where it was when it is started again; a
line that was cut off in the middle counts as not written. A finished run removes the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Journal", "code_digest", "key_of"]

ROOT = Path(__file__).parents[1]
CODE = ("knowledge", "prompts", "interviewer", "eval")
ENDINGS = {".py", ".yaml", ".md", ".txt", ".json", ".jsonl"}


class Journal:
    """Safe to share between threads. Without a path nothing is kept. Trouble with the file ends the keeping, not the run."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.trouble: str | None = None
        self._lock = threading.Lock()
        self._records: dict[str, dict[str, Any]] = {}
        if path is not None and path.is_file():
            self._read(path)

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: str) -> dict[str, Any] | None:
        return self._records.get(key)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a record before anything else is done: it is on the disk when this returns."""
        with self._lock:
            self._records[key] = dict(record)
            if self.path is None or self.trouble is not None:
                return
            try:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": key, "record": record}, ensure_ascii=False) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                self.trouble = f"{self.path}: can't be written ({error.strerror}); a run that is broken off starts over"

    def discard(self) -> None:
        """Remove the file: the run is finished."""
        with self._lock:
            try:
                if self.path is not None:
                    self.path.unlink(missing_ok=True)
            except OSError as error:
                self.trouble = self.trouble or f"{self.path}: can't be removed ({error.strerror})"

    def _read(self, path: Path) -> None:
        raw = path.read_bytes()
        whole = raw.rfind(b"\n") + 1
        if whole < len(raw):
            with path.open("r+b") as file:
                file.truncate(whole)
        for line in raw[:whole].splitlines():
            try:
                entry = json.loads(line)
                self._records[entry["key"]] = entry["record"]
            except (ValueError, KeyError, TypeError):
                continue


def key_of(*parts: Any) -> str:
    """One key for what a record depends on."""
    text = json.dumps([code_digest(), *parts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def code_digest() -> str:
    """A digest of the code and the data that results depend on: records of other code are not taken over."""
    found = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in ENDINGS and path.is_file():
                found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()
