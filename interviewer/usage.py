"""Tokens and money: what a model call took, what it cost, and what may still be spent.

    usage = Usage(input=1900, cached=1024, output=310, calls=1)
    cost("openai:gpt-5-mini", usage)          # 0.0008646 US dollars; None for a model whose price is not known
    Purse(Budget.parse("0.50")).check("openai:gpt-5-mini", 1900)

Prices stand in ``prices.yaml`` with their date and source. A model that is not listed there has no known cost, which is
None and never 0; the offline model costs nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from interviewer.errors import Stopped, UserMistake

__all__ = ["Budget", "Price", "Prices", "Purse", "Usage", "cost", "prices", "total_cost"]

OFFLINE = "offline"
ANSWER_TOKENS = 600
"""Tokens that an answer is taken to have before it is there: a judgement of seven points with reasons and quotes."""
WARN_AT = 0.8
_PRICES = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True)
class Usage:
    """Tokens of one or more model calls. ``cached`` is the part of ``input`` that the provider had in its prefix cache;
    ``estimated``: some call's provider gave no count, and it was counted here instead."""

    input: int = 0
    output: int = 0
    cached: int = 0
    calls: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.calls + other.calls,
            self.estimated or other.estimated,
        )

    @property
    def tokens(self) -> int:
        return self.input + self.output

    @property
    def cached_share(self) -> float | None:
        """Share of the input that came from the provider's cache; None without input."""
        return self.cached / self.input if self.input else None


class Price(BaseModel):
    """US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    input: float = Field(ge=0)
    cached: float = Field(ge=0)
    output: float = Field(ge=0)


class Prices(BaseModel):
    """The price table: where from, as of when, and the models."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    checked: date
    models: dict[str, Price]

    def of(self, model_id: str) -> Price | None:
        """A model's price, also under a dated name ("openai:gpt-4o-2024-08-06"); None if it is not known."""
        return self.models.get(model_id) or self.models.get(_DATED.sub("", model_id))


_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@cache
def prices(path: Path = _PRICES) -> Prices:
    """The price table."""
    return Prices.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def cost(model_id: str, usage: Usage) -> float | None:
    """US dollars that calls of a model took; None if its price is not known."""
    if model_id == OFFLINE or not usage.tokens:
        return 0.0
    price = prices().of(model_id)
    if price is None:
        return None
    fresh = usage.input - usage.cached
    return (fresh * price.input + usage.cached * price.cached + usage.output * price.output) / 1_000_000


def total_cost(parts: Iterable[float | None]) -> float | None:
    """The sum of costs; None as soon as one of them is not known."""
    total = 0.0
    for part in parts:
        if part is None:
            return None
        total += part
    return round(total, 6)


@dataclass(frozen=True)
class Budget:
    """The most that one interview (or one file of replies) may take: US dollars or tokens."""

    dollars: float | None = None
    tokens: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """ "0.50" or "$0.50" is US dollars, "200000 tokens" or "200k tokens" tokens; "" is no limit.

        Raises:
            UserMistake: neither of these.
        """
        wanted = text.strip().lower()
        if not wanted:
            return cls()
        match = re.fullmatch(r"(\d+)(k?) ?tokens?", wanted)
        if match:
            return cls(tokens=int(match[1]) * (1000 if match[2] else 1))
        match = re.fullmatch(r"\$?(\d+(?:\.\d+)?|\.\d+)(?: ?(?:usd|dollars?))?", wanted)
        if match:
            return cls(dollars=float(match[1]))
        raise UserMistake(f"the budget {text!r} is none; give US dollars such as 0.50, or tokens such as '200k tokens'")


class Purse:
    """What may still be spent of a budget, and what was.

    A budget in dollars can't be kept with a model of unknown price; such a model is not asked, rather than asked at
    an unknown cost.
    """

    def __init__(self, budget: Budget, tokens: int = 0, dollars: float | None = 0.0) -> None:
        self.budget, self.tokens, self.dollars = budget, tokens, dollars
        self.refused = False
        """Whether a call was not made because of the budget."""
        self._lock = threading.Lock()

    def check(self, model_id: str, input_tokens: int) -> None:
        """Before a call.

        Raises:
            Stopped: the call would go over the budget, or nobody can tell.
        """
        if model_id == OFFLINE:
            return
        if not self._affords(model_id, Usage(input_tokens, ANSWER_TOKENS, calls=1)):
            self.refused = True
            raise Stopped("over_budget")

    def _affords(self, model_id: str, ahead: Usage) -> bool:
        if self.budget.tokens is not None and self.tokens + ahead.tokens > self.budget.tokens:
            return False
        if self.budget.dollars is None:
            return True
        price = cost(model_id, ahead)
        return price is not None and self.dollars is not None and self.dollars + price <= self.budget.dollars

    def spend(self, model_id: str, usage: Usage) -> None:
        """After a call. Calls that go on at the same time may together overdraw a purse by what they took."""
        paid = cost(model_id, usage)
        with self._lock:
            self.tokens += 0 if model_id == OFFLINE else usage.tokens
            self.dollars = None if paid is None or self.dollars is None else self.dollars + paid

    @property
    def limited(self) -> bool:
        return self.budget != Budget()

    @property
    def share(self) -> float | None:
        """Share of the budget that is spent; None without a budget or where the cost is not known."""
        if self.budget.tokens is not None:
            return self.tokens / self.budget.tokens if self.budget.tokens else 1.0
        if self.budget.dollars is not None and self.dollars is not None:
            return self.dollars / self.budget.dollars if self.budget.dollars else 1.0
        return None

    @property
    def warns(self) -> bool:
        """Whether so much is spent that it should be said."""
        return (self.share or 0.0) >= WARN_AT
