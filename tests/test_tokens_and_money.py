"""What an interview takes: tokens that do not grow with it, money that is known or said not to be, budgets."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from eval.benchmarks.tokens import measure, strong_replies
from interviewer.errors import Stopped, UserMistake
from interviewer.structured import usage_of
from interviewer.usage import Budget, Purse, Usage, cost, prices, total_cost


def test_an_interview_takes_a_fifth_of_a_growing_transcript_and_a_turn_does_not_know_what_came_before() -> None:
    replies = strong_replies()
    whole, sent = measure(replies)
    assert len(whole.ours) == len(whole.transcript) == 64
    assert whole.share <= 0.2
    _, alone = measure(replies, topics=["16"])
    assert alone == sent[-len(alone) :], "the last questions are judged by the same bytes without the 60 before them"
    assert len({messages[0] for messages in sent}) == 1


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("openai:gpt-4o-mini", Usage(1_000_000, 0), 0.15),
        ("openai:gpt-4o-mini", Usage(1_000_000, 1_000_000, cached=1_000_000), 0.675),
        ("openai:gpt-5-mini", Usage(1900, 310, cached=1024), 0.0008646),
        ("openai:gpt-4o-2024-08-06", Usage(0, 1000), 0.01),
        ("offline", Usage(5000, 5000), 0.0),
        ("openai:gpt-99", Usage(1, 1), None),
        ("ollama:llama3", Usage(1, 1), None),
        ("openai:gpt-99", Usage(calls=1), 0.0),
    ],
)
def test_cost_is_computed_from_the_table_and_unknown_for_models_outside_it(
    model: str, usage: Usage, dollars: float | None
) -> None:
    assert cost(model, usage) == (None if dollars is None else pytest.approx(dollars))


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert total_cost([0.1, 0.2]) == pytest.approx(0.3)
    assert total_cost([0.1, None]) is None
    assert total_cost([]) == 0


def test_the_price_table_is_dated_and_cached_input_is_never_dearer() -> None:
    table = prices()
    assert table.checked.year >= 2026
    assert table.source
    for price in table.models.values():
        assert 0 < price.cached <= price.input < price.output


def test_usage_is_the_providers_own_count_with_its_cached_part() -> None:
    counted: Any = {
        "input_tokens": 2000,
        "output_tokens": 50,
        "total_tokens": 2050,
        "input_token_details": {"cache_read": 1024},
    }
    usage = usage_of(AIMessageChunk("x", usage_metadata=counted))
    assert usage == Usage(2000, 50, 1024, calls=1)
    assert usage.cached_share == 0.512
    assert Usage().cached_share is None
    assert (usage + usage).tokens == 4100


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("", Budget()),
        ("0.50", Budget(dollars=0.5)),
        ("$2", Budget(dollars=2)),
        ("1.5 USD", Budget(dollars=1.5)),
        ("200000 tokens", Budget(tokens=200_000)),
        ("200k tokens", Budget(tokens=200_000)),
    ],
)
def test_budgets_are_read(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize("text", ["much", "-1", "5 euros", "tokens", "1,5"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UserMistake, match="budget"):
        Budget.parse(text)


def test_a_purse_warns_near_its_end_and_stops_before_it_is_overdrawn() -> None:
    purse = Purse(Budget(dollars=0.01))
    assert (purse.share, purse.warns) == (0, False)
    purse.spend("openai:gpt-4o-mini", Usage(50_000, 1_000))
    assert purse.share == pytest.approx(0.81)
    assert purse.warns
    purse.check("openai:gpt-4o-mini", 2_000)
    with pytest.raises(Stopped, match="budget"):
        purse.check("openai:gpt-4o-mini", 20_000)
    purse.check("offline", 10**9)


def test_a_purse_in_money_is_closed_once_something_of_unknown_price_was_bought() -> None:
    purse = Purse(Budget(dollars=10), dollars=None)
    with pytest.raises(Stopped):
        purse.check("openai:gpt-4o-mini", 1)
    assert purse.share is None
