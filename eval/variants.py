"""What is compared: a model with its prompts. ``--model a,b --prompts judge=v1,v2`` makes four of them.

    variants = matrix("offline", ["judge=v1,drafts/mine.md"])
    variants[0].id              # "offline judge@v1": what differs between the variants, and the model
    bench = variants[0].open(library, cache)
    bench.grader, bench.help_prompt

The first one is what the others are compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interviewer.models import OFFLINE
from knowledge.errors import UserMistake
from prompts.loader import LATEST, Prompt, PromptError, load, load_file, names

if TYPE_CHECKING:
    from eval.cache import ResponseCache
    from interviewer.grader import Grader
    from interviewer.models import Model
    from knowledge.library import Library

__all__ = ["USED", "Bench", "Variant", "matrix"]

USED = ("judge", "help")
"""The prompts that the suites send to models."""
ARGUMENTS = ("model_name", "temperature", "top_p", "max_tokens", "reasoning_effort", "seed", "openai_api_base")


@dataclass(frozen=True)
class Variant:
    """A model and the prompts that it is given (by name). ``id`` is short, and unique within a run."""

    id: str
    model: str
    prompts: tuple[Prompt, ...]

    def prompt(self, name: str) -> Prompt:
        return next(prompt for prompt in self.prompts if prompt.name == name)

    @property
    def offline(self) -> bool:
        return self.model == OFFLINE

    @property
    def fingerprint(self) -> list[str]:
        """What a record of this variant depends on, besides the code and the case."""
        return [self.model, *(f"{prompt.name} {prompt.digest}" for prompt in self.prompts)]

    def open(self, library: Library, cache: ResponseCache | None = None) -> Bench:
        """Open the model. Only a hosted one's answers are cached: the offline one's change with the code.

        Raises:
            UserMistake: the model can't be opened.
        """
        from interviewer.grader import Grader
        from interviewer.models import open_model

        model = open_model(self.model, library)
        if cache is not None and not self.offline:
            cache = replace(cache, address=str(getattr(model.chat, "openai_api_base", None) or ""))
            model.chat.cache = cache
            model.chat.disable_streaming = True  # LangChain looks up whole answers only
        return Bench(Grader([model], self.prompt("judge")), self.prompt("help"), model, cache)

    def describe(self, model: Model | None = None) -> dict[str, Any]:
        """The variant for results.json, with those arguments of its model that are set."""
        found = {name: getattr(model.chat, name, None) for name in ARGUMENTS} if model else {}
        return {
            "id": self.id,
            "model": self.model,
            "arguments": {name: value for name, value in found.items() if value is not None},
            "prompts": {prompt.name: {"stamp": prompt.stamp, "sha256": prompt.digest} for prompt in self.prompts},
        }


@dataclass(frozen=True)
class Bench:
    """A variant opened for work."""

    grader: Grader
    help_prompt: Prompt
    model: Model
    cache: ResponseCache | None = None

    def close(self) -> None:
        if self.cache is not None:
            self.cache.close()


def matrix(models: str, prompts: Sequence[str] = ()) -> tuple[Variant, ...]:
    """Every model with every combination of prompts, in the order given.

    Args:
        models: model ids with commas between; ``auto`` as everywhere.
        prompts: ``NAME=VERSION,…`` each; a version may be the path of a file. A prompt that is not named is the latest.

    Raises:
        UserMistake: no such prompt, or not of this form.
    """
    from interviewer.settings import Settings

    chosen = {name: [_load(name, LATEST)] for name in USED}
    for text in prompts:
        name, separator, versions = text.partition("=")
        if not separator or not versions.strip(","):
            raise UserMistake(f"--prompts takes NAME=VERSION,VERSION, not {text!r}; for example judge=v1,v2")
        if name not in USED:
            raise UserMistake(f"no suite uses a prompt {name!r}; choose among {', '.join(USED)}")
        named = {version.strip(): _load(name, version.strip()) for version in versions.split(",") if version.strip()}
        stems = Counter(prompt.version for prompt in named.values())
        chosen[name] = [
            prompt if stems[prompt.version] == 1 else replace(prompt, version=text) for text, prompt in named.items()
        ]
    found = []
    for model in Settings.load(model=models).models:
        for parts in product(*chosen.values()):
            shown = [part for part in parts if len(chosen[part.name]) > 1 or part.name == "judge"]
            found.append(Variant(" ".join([model, *(f"{p.name}@{p.version}" for p in shown)]), model, parts))
    return tuple(found)


def _load(name: str, version: str) -> Prompt:
    try:
        if version.endswith(".md") or "/" in version:
            return load_file(name, Path(version))
        return load(name, version)
    except PromptError as error:
        known = "" if name in names() else f"; there are {', '.join(names())}"
        raise UserMistake(f"{error}{known}") from None
