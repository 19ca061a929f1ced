"""Labelled data: JSON lines of a known form. A line that can't be used is told, and the others are.

rows, bad = load_rows(path, Attack)
bad[0]["error"]        # "attacks.jsonl, line 3: channel: Input should be 'reply', 'passage', …"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from knowledge.errors import UserMistake

__all__ = ["load_rows"]

Row = TypeVar("Row", bound=BaseModel)


def load_rows(path: Path, form: type[Row]) -> tuple[list[Row], list[dict[str, Any]]]:
    """The rows, and a record (status errored) for each line that is none.

    Raises:
        UserMistake: the file can't be read, or holds no row.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"{path}: can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from None
    rows: list[Row] = []
    bad: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(form.model_validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            what = f"{place}: {first['msg']}" if place else "not a JSON object"
            bad.append(
                {"id": f"{path.name}:{number}", "status": "errored", "error": f"{path.name}, line {number}: {what}"}
            )
    if not rows:
        raise UserMistake(f"{path}: there is no line in it that can be used")
    return rows, bad
