"""What models cost, and when to stop.

    price("openai:gpt-5-mini", 1200, 300)      # US dollars, or None for a model without a known price
    budget = Budget(tokens=200_000)
    budget.spend(...); budget.spent            # a reason once the limit is reached, else None

Prices come with the genai-prices package (its data are dated by its version); a local server costs nothing that it knows.
"""

from __future__ import annotations

import threading
from functools import lru_cache

from knowledge.errors import UserMistake

__all__ = ["Budget", "price"]


@lru_cache(maxsize=4096)
def price(model: str, tokens_input: int, tokens_output: int) -> float | None:
    """US dollars for these tokens at list price, without discounts for cached input. The offline model costs nothing."""
    if model == "offline":
        return 0.0
    from genai_prices import Usage, calc_price

    provider, _, name = model.rpartition(":")
    try:
        usage = Usage(input_tokens=tokens_input, output_tokens=tokens_output)
        return float(calc_price(usage, name, provider_id=provider or None).total_price)
    except LookupError:
        return None


class Budget:
    """Counts what is paid for, over all suites and variants of a run. Cases that are under way when the limit is reached
    are finished, so that nothing paid for is thrown away."""

    def __init__(self, tokens: int | None = None, usd: float | None = None) -> None:
        self._tokens, self._usd = tokens, usd
        self.tokens, self.usd = 0, 0.0
        self._lock = threading.Lock()

    def check(self, model: str) -> None:
        """
        Raises:
            UserMistake: a limit in dollars for a model without a known price would never be reached.
        """
        if self._usd is not None and price(model, 1, 1) is None:
            raise UserMistake(f"the price of {model!r} is not known; give --budget-tokens instead of --budget-usd")

    def spend(self, tokens: int, usd: float | None) -> None:
        with self._lock:
            self.tokens += tokens
            self.usd += usd or 0.0

    @property
    def spent(self) -> str | None:
        """Why nothing more is to be started, None while there is room."""
        if self._tokens is not None and self.tokens >= self._tokens:
            return f"the budget of {self._tokens:,} tokens is spent ({self.tokens:,} used)"
        if self._usd is not None and self.usd >= self._usd:
            return f"the budget of ${self._usd:.2f} is spent (${self.usd:.2f} used)"
        return None
