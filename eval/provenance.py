"""What a result was made with: the commit, whether files differ from it, and the versions of what matters."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["commit", "versions"]

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "kiwipiepy", "langchain", "langchain-openai", "langgraph", "chromadb", "scikit-learn", "numpy", "pydantic-evals"
)  # fmt: skip


def commit() -> dict[str, Any]:
    """The commit and whether files differ from it; None outside a git repository."""
    head, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return {"commit": head.strip() if head else None, "dirty": None if status is None else bool(status.strip())}


def versions() -> dict[str, str | None]:
    """Python's and the packages' versions, None for what is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
