"""The report's Plotly figures as JSON: colours of text and ground are the page's, set when they are drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eval.compared import EMPTY_KINDS, HALF
from eval.statistics import share
from interviewer.judge import BANDS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["figures"]

BAD_KINDS = (*EMPTY_KINDS, "negated", "wrong")
COLOURS = ("#3b76d6", "#c2571a", "#1a7f4b", "#8e44ad", "#b8860b", "#0f8b8d", "#b42318", "#6b7280")
"""Told apart on light and on dark ground, and by who does not see red and green alike (with the legend's order)."""
JITTER = 0.32
SNIPPET = 60

Cases = Sequence[Mapping[str, Any]]


def figures(suites: Mapping[str, Mapping[str, Any]], variants: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Figures by name, as JSON for Plotly.newPlot; without those that there is nothing to draw for.

    Args:
        suites: by variant id, what each suite found.
    """
    grading = {name: data["grading"] for name, data in suites.items() if "grading" in data}
    graded = {name: [c for c in data["cases"] if c["status"] == "graded"] for name, data in grading.items()}
    first = next(iter(graded.values()), [])
    made: dict[str, Figure] = {}
    if first:
        made = {"agreement": _agreement(first), "confusion": _confusion(first), "inflation": _inflation(graded)}
        made["cost"] = _cost(grading, {variant["id"]: variant["spent"] for variant in variants})
    return {name: _json(figure) for name, figure in made.items()}


def _agreement(cases: Cases) -> Figure:
    """Each reply: our score beside the readers' mean, in points 0–4. Equal ones are spread by a fixed pattern."""
    from plotly import graph_objects as go

    figure = go.Figure(go.Scatter(x=[0, 4], y=[0, 4], mode="lines", line={"dash": "dot", "width": 1}, hoverinfo="skip"))
    figure.data[0].showlegend = False
    for place, kind in enumerate(dict.fromkeys(str(case["kind"]) for case in cases)):
        own = [case for case in cases if case["kind"] == kind]
        figure.add_scatter(
            x=[sum(case["readers"]) / 2 + JITTER * (_spread(case["id"]) - 0.5) for case in own],
            y=[4 * case["score"] for case in own],
            mode="markers",
            name=kind,
            marker={"size": 6, "opacity": 0.7, "color": COLOURS[place % len(COLOURS)], "symbol": place // len(COLOURS)},
            text=[f"{case['id']}<br>{_snippet(case)}" for case in own],
            hovertemplate="%{text}<br>%{y:.2f}<extra>" + kind + "</extra>",
        )
    return _axes(figure, "읽은 이들의 평균 · readers' mean (0–4)", "채점 · our score (0–4)")


def _confusion(cases: Cases) -> Figure:
    """How many replies of each band of the readers' (rows) got which band from us (columns)."""
    from plotly import graph_objects as go

    counts = [[0] * len(BANDS) for _ in BANDS]
    for case in cases:
        counts[int(sum(case["readers"]) / 2 + 0.5)][case["mark"]] += 1
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=list(BANDS),
            y=list(BANDS),
            text=counts,
            texttemplate="%{text}",
            colorscale=[[0, "rgba(59,118,214,0.06)"], [1, "rgba(59,118,214,0.95)"]],
            showscale=False,
            hovertemplate="%{y} → %{x}: %{text}<extra></extra>",
        )
    )
    return _axes(figure, "채점 · ours", "읽은 이들 · readers")


def _inflation(graded: Mapping[str, Cases]) -> Figure:
    """The share of each kind of bad reply that is scored a half or more, with Wilson's interval, by variant."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for place, (variant, cases) in enumerate(graded.items()):
        found = []
        for kind in BAD_KINDS:
            scores = [case["score"] for case in cases if case["kind"] == kind]
            found.append(share(sum(score >= HALF for score in scores), len(scores)))
        figure.add_bar(
            x=list(BAD_KINDS),
            y=[one.value for one in found],
            name=variant,
            marker={"color": COLOURS[place % len(COLOURS)]},
            error_y={
                "symmetric": False,
                "array": [(one.high or 0) - (one.value or 0) for one in found],
                "arrayminus": [(one.value or 0) - (one.low or 0) for one in found],
                "thickness": 1,
            },
            text=[f"n={one.n}" for one in found],
            textposition="none",
            hovertemplate="%{x}: %{y:.1%} (%{text})<extra></extra>",
        )
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return _axes(figure, "", "절반 이상 받은 비율 · scored ≥ 0.5")


def _cost(grading: Mapping[str, Mapping[str, Any]], spent: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Each variant: what it cost (tokens, where no price is known or there is none) and how well it agrees."""
    from plotly import graph_objects as go

    priced = all(spent[name]["usd"] for name in grading)
    figure = go.Figure()
    for place, (name, data) in enumerate(grading.items()):
        kappa = data["metrics"].get("test.all.qwk") or {"value": None, "low": None, "high": None}
        value = kappa["value"]
        figure.add_scatter(
            x=[spent[name]["usd"] if priced else spent[name]["input"] + spent[name]["output"]],
            y=[value],
            name=name,
            mode="markers",
            marker={"size": 12, "color": COLOURS[place % len(COLOURS)]},
            error_y={
                "symmetric": False,
                "array": [(kappa["high"] or value or 0) - (value or 0)],
                "arrayminus": [(value or 0) - (kappa["low"] or value or 0)],
            },
            hovertemplate="%{x:,} · %{y:.3f}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(rangemode="tozero")
    return _axes(figure, "비용 · US$" if priced else "토큰 · tokens", "일치도 · weighted kappa (test.all.qwk)")


def _axes(figure: Figure, x: str, y: str) -> Figure:
    figure.update_layout(
        template="none",
        margin={"l": 52, "r": 8, "t": 8, "b": 44},
        legend={"orientation": "h", "y": -0.22, "font": {"size": 11}},
        height=400,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"align": "left"},
    )
    figure.update_xaxes(title={"text": x, "font": {"size": 12}}, automargin=True)
    figure.update_yaxes(title={"text": y, "font": {"size": 12}}, automargin=True)
    return figure


def _spread(text: str) -> float:
    """A fixed number from 0 to 1 for a text."""
    return sum(map(ord, text)) * 0.6180339887 % 1


def _snippet(case: Mapping[str, Any]) -> str:
    """The beginning of a reply for a tooltip, in which Plotly reads a few tags."""
    text = " ".join(str(case.get("reply", "")).split())
    return (text[:SNIPPET] + "…" if len(text) > SNIPPET else text).replace("&", "&amp;").replace("<", "&lt;")


def _json(figure: Figure) -> str:
    """JSON that can stand in a script element."""
    return json.dumps(json.loads(figure.to_json()), ensure_ascii=False).replace("<", "\\u003c")
