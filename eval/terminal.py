"""A result as tables on the terminal: the thresholds, what was compared, what was spent and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report import figure, p_value

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["show"]

LISTED = 20
"""Cases that did not run, listed at most for each suite; all of them are in results.json."""
COLOURS = {
    "met": "green", "failed": "red", "skipped": "yellow", "better": "green", "worse": "red", "can't tell": "yellow"
}  # fmt: skip


def show(result: Mapping[str, Any], folder: Path) -> None:
    """Print everything that one needs to decide; the rest is in the report."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    _thresholds(result, console)
    _comparisons(result, console)
    _spent(result, console)
    for variant, suites in _by_variant(result):
        for name, data in suites.items():
            counted = ", ".join(f"{n} {what}" for what, n in data["counts"].items())
            who = f" ({variant})" if result["others"] else ""
            console.print(Text(f"{name}{who}: {counted or 'nothing'} in {data['seconds']} s"))
            for part, why in data["skipped"].items():
                console.print(Text(f"  {part}: skipped, {why}"))
            missing = [case for case in data["cases"] if case["status"] != "graded"]
            for case in missing[:LISTED]:
                console.print(Text(f"  {case['id']}: {case['status']}, {case['error']}"))
            if len(missing) > LISTED:
                console.print(Text(f"  … and {len(missing) - LISTED} more"))
    if result["exit"] == 130:
        console.print(Text("stopped before the end; the same command goes on from here"))
    console.print(Text(f"{folder / 'report.html'}"))


def _thresholds(result: Mapping[str, Any], console: Console) -> None:
    """All thresholds of a single variant; of several, those that are not met."""
    several = len(result["variants"]) > 1
    rows = [row for row in result["thresholds"] if not several or row["status"] == "failed"]
    if not rows:
        return
    title = "below a threshold" if several else f"eval · {result['model']} · {result['prompt'] or ''}"
    table = _table(title, "metric", "value", "n", "wanted", "")
    letters = _letters(result)
    for row in rows:
        name = f"{row['suite']}: {row['metric']}" + (f" ({letters[row['variant']]})" if several else "")
        table.add_row(name, figure(row), str(row["n"]), row["wanted"], _coloured(row["status"]))
    console.print(table)


def _comparisons(result: Mapping[str, Any], console: Console) -> None:
    """A table for each pair, headed by letters that are told below: names are too long for a terminal."""
    from rich.text import Text

    letters = _letters(result)
    for of, to in dict.fromkeys((row["of"], row["to"]) for row in result["comparisons"]):
        first, second = letters.get(of, "before"), letters[to]
        table = _table(
            f"{second} beside {first}, on the same cases",
            "metric", first, second, "difference", "p", "", "cases", "more"
        )  # fmt: skip
        suite = ""
        for row in result["comparisons"]:
            if (row["of"], row["to"]) != (of, to):
                continue
            if row["suite"] != suite:
                suite = row["suite"]
                table.add_row(Text(suite, style="bold"))
            table.add_row(
                row["metric"] + ("" if row["higher_is_better"] else " ↓"),
                _stacked(row["first"]),
                _stacked(row["second"]),
                _stacked(row["difference"], signed=True),
                p_value(row["p_holm"]),
                _coloured(row["verdict"]),
                str(row["difference"]["n"]),
                "" if row["needed"] is None else f"{row['needed']:,}",
            )
        console.print(table)
        console.print(Text(f"{first} is {of}; {second} is {to}"))
    if result["comparisons"]:
        console.print(
            Text(
                "↓ lower is better; p after Holm; more: about so many further cases would tell a difference of this size"
            )
        )


def _spent(result: Mapping[str, Any], console: Console) -> None:
    """What each variant took, where there is something to pay or to compare."""
    hosted = any(variant["model"] != "offline" for variant in result["variants"])
    if not hosted and len(result["variants"]) < 2:
        return
    table = _table("what it took", "", "cases", "recalled", "tokens in", "out", "US$", "seconds")
    for variant in result["variants"]:
        spent = variant["spent"]
        table.add_row(
            _letters(result)[variant["id"]],
            f"{spent['cases']:,}",
            f"{spent['recalled']:,}",
            f"{spent['input']:,}",
            f"{spent['output']:,}",
            "unknown" if spent["usd"] is None else f"{spent['usd']:.4f}",
            f"{spent['seconds']:.1f}",
        )
    console.print(table)


def _stacked(estimate: Mapping[str, Any], signed: bool = False) -> str:
    """A figure with its interval below, so that a table of two variants fits a terminal."""
    return figure(estimate, signed).replace(" [", "\n[")


def _letters(result: Mapping[str, Any]) -> dict[str, str]:
    """A, B, … for the variants."""
    return {variant["id"]: chr(ord("A") + place % 26) for place, variant in enumerate(result["variants"])}


def _by_variant(result: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(result["variants"][0]["id"], result["suites"]), *result["others"].items()]


def _table(title: str, *headings: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(Text(heading), justify="right" if place > 0 else "left", overflow="fold")
    return table


def _coloured(status: str) -> Any:
    from rich.text import Text

    return Text(status, style=COLOURS.get(status, ""))
