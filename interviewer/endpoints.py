"""What was found out about endpoints: the structured-output method that each one answers to.

    endpoints = Endpoints(home / "endpoints.json")
    endpoints.settle("openai:gpt-5-mini at api.openai.com", "json_schema")
    endpoints.method("openai:gpt-5-mini at api.openai.com")        # "json_schema", in the next process too

The file is a memory, not a setting: deleting it costs one probe. What can't be read or written is done without.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["METHODS", "Endpoints", "endpoint_name"]

METHODS = ("json_schema", "function_calling", "json_mode", "text")
"""From the strictest to what any model can do."""

FILE = "endpoints.json"


class Endpoints:
    """The memory of one data folder. Safe to share between threads; ``path`` None keeps it in this process only."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, str]] = _read(path)

    def method(self, endpoint: str) -> str | None:
        """The method that an endpoint answers to; None before its first answer."""
        return self._known.get(endpoint, {}).get("method")

    def settled(self, endpoint: str) -> str | None:
        """When the method was settled, as a date."""
        return self._known.get(endpoint, {}).get("settled")

    def settle(self, endpoint: str, method: str) -> None:
        """Remember a method that worked."""
        if self.method(endpoint) == method:
            return
        with self._lock:
            # What another process has learned meanwhile stays.
            self._known = {**_read(self._path), **self._known}
            self._known[endpoint] = {"method": method, "settled": datetime.now(UTC).date().isoformat()}
            self._write()

    def forget(self, endpoint: str) -> None:
        """An endpoint no longer answers to what was remembered."""
        with self._lock:
            if self._known.pop(endpoint, None) is not None:
                self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        draft = self._path.with_name(f".{self._path.name}.{threading.get_ident()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            draft.replace(self._path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def endpoint_name(model_id: str, base_url: str | None, api: str = "") -> str:
    """How an endpoint is remembered: the model and where it is, without a user name or password in the address."""
    where = ""
    if base_url:
        parts = urlsplit(base_url)
        where = f" at {parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
    return f"{model_id}{where}{f' ({api})' if api else ''}"


def _read(path: Path | None) -> dict[str, dict[str, str]]:
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {
        name: {key: str(value) for key, value in entry.items()}
        for name, entry in data.items()
        if isinstance(entry, dict) and entry.get("method") in METHODS
    }
