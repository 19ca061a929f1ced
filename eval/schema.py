"""The form of what is read and written: the labelled data, and results.json. Their JSON schemas are in ``schemas/``.

python -m eval.schema        # write the schemas anew after a change here; a test tells when that was forgotten
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SCHEMAS", "Attack", "GradedReply", "Query", "Result", "schema_of"]

SCHEMAS = Path(__file__).with_name("schemas")

Language = Literal["ko", "en", "mixed"]
Mark = Annotated[int, Field(ge=0, le=4)]
Share = Annotated[float, Field(ge=0, le=1)]
Status = Literal["graded", "unscored", "errored", "not_run"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GradedReply(_Strict):
    """A line of data/grading/replies.jsonl: a reply to one of the document's questions, and two readers' marks."""

    id: str = Field(min_length=1)
    question_id: str = Field(pattern=r"^\d+(\.\d+)?$")
    split: Literal["tune", "test"]
    kind: str = Field(description="what the writer meant to write: strong, half, thin, negated, wrong, keywords, …")
    language: Language
    reply: str
    reader_a: Mark
    reader_b: Mark
    error_a: bool = Field(description="whether this reader saw a clear factual error")
    error_b: bool


class Query(_Strict):
    """A line of data/retrieval/queries.jsonl: a question or reply in other words, and the question it belongs to."""

    id: str = Field(min_length=1)
    query: str = Field(min_length=1)
    language: Language
    question_id: str = Field(pattern=r"^\d+(\.\d+)?$")
    split: Literal["tune", "test"]


class Attack(_Strict):
    """A line of data/attacks/attacks.jsonl."""

    id: str = Field(min_length=1)
    channel: Literal["reply", "passage", "document", "help"] = Field(description="the way it comes in")
    owasp: str = Field(pattern=r"^LLM(0[1-9]|10):2025$", description="OWASP Top 10 for LLM Applications, 2025")
    wants: Literal["score", "order", "leak", "execution", "load"]
    language: Language
    text: str = Field(min_length=1)


class Estimate(_Strict):
    """A figure over ``n`` cases with its 95% interval; null where there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int = Field(ge=0)


class Tokens(_Strict):
    """As the provider reports them."""

    input: int = Field(ge=0)
    output: int = Field(ge=0)


class Case(BaseModel):
    """One case. Suites add fields of their own: grading has reply, score, mark, readers, points and more."""

    model_config = ConfigDict(extra="allow")
    id: str
    status: Status
    repeat: int = Field(default=0, ge=0, description="the how-manieth time the same case was run, from 0")
    error: str | None = None
    failed: bool = Field(default=False, description="graded, and found wanting")
    why: str | None = None
    values: dict[str, float] = Field(default_factory=dict, description="what is compared between runs")
    tokens: Tokens | None = None
    usd: float | None = Field(default=None, description="at list price; null where the price is not known")
    recalled: bool = Field(default=False, description="answered from the cache alone")
    seconds: float | None = None


class Suite(_Strict):
    """What one suite found for one variant."""

    metrics: dict[str, Estimate]
    counts: dict[str, int]
    skipped: dict[str, str] = Field(description="which metrics are missing, and why")
    error: str | None
    seconds: float
    cases: list[Case]


class PromptStamp(_Strict):
    """A prompt's name@version#hash, and the whole hash."""

    stamp: str
    sha256: str


class Spent(_Strict):
    """What a variant took, as if nothing had been recalled from the cache; null where a price is not known."""

    cases: int
    recalled: int
    input: int
    output: int
    usd: float | None
    seconds: float


class Variant(_Strict):
    """A model with its arguments and its prompts."""

    id: str
    model: str
    arguments: dict[str, Any]
    prompts: dict[str, PromptStamp]
    spent: Spent


class Threshold(Estimate):
    """A threshold and what became of it."""

    suite: str
    variant: str
    metric: str
    wanted: str
    status: Literal["met", "failed", "skipped"]
    reason: str


class Comparison(_Strict):
    """A figure of two variants (or of an earlier run and this one) on the cases that both have graded."""

    kind: Literal["variant", "baseline"]
    of: str
    to: str
    suite: str
    metric: str
    higher_is_better: bool
    first: Estimate
    second: Estimate
    difference: Estimate
    groups: int = Field(description="questions: what is drawn and swapped")
    p: Share | None
    p_holm: Share | None
    verdict: Literal["better", "worse", "can't tell", "same"]
    needed: int | None = Field(description="further cases to tell a difference of this size with 80% power, about")


class Result(_Strict):
    """results.json: ``suites`` is the first variant's, ``others`` holds the further ones' by variant id."""

    schema_: Literal[2] = Field(alias="schema")
    started: str
    seconds: float
    commit: str | None
    dirty: bool | None
    versions: dict[str, str | None]
    model: str
    prompt: str | None
    seed: int
    limit: int | None
    repeat: int
    stopped: str | None = Field(description="why cases were left out, if a budget was spent")
    variants: list[Variant] = Field(min_length=1)
    suites: dict[str, Suite]
    others: dict[str, dict[str, Suite]]
    thresholds: list[Threshold]
    comparisons: list[Comparison]
    exit: Literal[0, 1, 3, 130]


DOCUMENTS: dict[str, type[BaseModel]] = {
    "grading-reply": GradedReply,
    "retrieval-query": Query,
    "attack": Attack,
    "results": Result,
}


def schema_of(name: str) -> str:
    """The JSON schema (draft 2020-12) of one of ``DOCUMENTS`` as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **DOCUMENTS[name].model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write all schemas."""
    for name in DOCUMENTS:
        SCHEMAS.joinpath(f"{name}.schema.json").write_text(schema_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
