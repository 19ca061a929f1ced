"""Load a prompt template by name and version and render it with exactly the variables that it declares.

A template is a Markdown file with front matter::

    ---
    purpose: what it is for
    measured: how it was measured, and what came out
    variables: [language]
    ---
    You are …  {{ language }}

    prompt = load("judge", "v1")
    prompt.stamp                 # "judge@v1#3f2a9c1b": stamped on every turn and evaluation result
    prompt.render(language="ko")
    load_file("judge", Path("mine.md")).stamp      # "judge@mine#…": one to try out, from anywhere

A missing or an undeclared variable is an error, never an empty string in a prompt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["LATEST", "Prompt", "PromptError", "load", "load_file", "names", "versions"]

FOLDER = Path(__file__).parent
LATEST = "latest"

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_KEYS = {"purpose", "measured", "variables"}
_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False, autoescape=False)


class PromptError(Exception):
    """A template that does not exist, is not well formed, or was given the wrong variables."""


@dataclass(frozen=True)
class Prompt:
    """One version of a prompt. ``digest`` is of the file's text, so that an edit without a new version shows."""

    name: str
    version: str
    purpose: str
    measured: str
    variables: frozenset[str]
    body: str
    digest: str

    @property
    def stamp(self) -> str:
        return f"{self.name}@{self.version}#{self.digest[:8]}"

    def render(self, **values: object) -> str:
        """The prompt's text.

        Raises:
            PromptError: a declared variable is missing, or one is given that is not declared.
        """
        missing, unknown = self.variables - values.keys(), values.keys() - self.variables
        if missing or unknown:
            what = f"needs {sorted(missing)}" if missing else f"does not know {sorted(unknown)}"
            raise PromptError(f"prompt {self.name}@{self.version} {what}")
        return _environment.from_string(self.body).render(**values).strip()


@cache
def load(name: str, version: str = LATEST, folder: Path = FOLDER) -> Prompt:
    """A prompt by name and version ("v1"; "latest" is the highest).

    Raises:
        PromptError: no such prompt, or its front matter and its text do not agree.
    """
    if version == LATEST:
        known = versions(name, folder)
        if not known:
            raise PromptError(f"there is no prompt {name!r}; there are {', '.join(names(folder))}")
        version = known[-1]
    path = folder / name / f"{version}.md"
    if path.parent.parent != folder or not path.is_file():
        raise PromptError(
            f"there is no prompt {name}@{version}; {name} has {', '.join(versions(name, folder)) or 'none'}"
        )
    return load_file(name, path)


def load_file(name: str, path: Path) -> Prompt:
    """A prompt in a file of its own; its version is the file's name.

    Raises:
        PromptError: it can't be read, or its front matter and its text do not agree.
    """
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from None
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise PromptError(f"{path}: the front matter between --- lines is missing")
    try:
        front = yaml.safe_load(match.group(1))
        used = meta.find_undeclared_variables(_environment.parse(match.group(2)))
    except (yaml.YAMLError, TemplateError) as error:
        raise PromptError(f"{path}: {str(error).splitlines()[0]}") from None
    if not isinstance(front, dict) or front.keys() != _KEYS:
        raise PromptError(f"{path}: the front matter must have exactly {', '.join(sorted(_KEYS))}")
    declared = frozenset(front["variables"])
    if declared != used:
        raise PromptError(f"{path}: declares {sorted(declared)} but uses {sorted(used)}")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Prompt(name, path.stem, front["purpose"], front["measured"], declared, match.group(2), digest)


def names(folder: Path = FOLDER) -> list[str]:
    """All prompts that have a template."""
    return sorted({path.parent.name for path in folder.glob("*/v*.md")})


def versions(name: str, folder: Path = FOLDER) -> list[str]:
    """A prompt's versions, oldest first."""
    found: Iterable[str] = (path.stem for path in (folder / name).glob("v*.md"))
    return sorted((v for v in found if v[1:].isdecimal()), key=lambda v: int(v[1:]))
