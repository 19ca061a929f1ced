"""A result as files: results.json, junit.xml, report.html."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

__all__ = ["figure", "html", "junit", "p_value", "write"]

TEMPLATES = Path(__file__).with_name("templates")
KOREAN = {"better": "나아짐", "worse": "나빠짐", "can't tell": "알 수 없음", "same": "같음"}
FILTERS = {"suite": "suite", "variant": "variant", "kind": "group_name", "language": "language", "status": "state"}
TITLES = {
    "agreement": ("읽은 이들과의 일치", "Agreement with the readers"),
    "confusion": ("등급별 혼동", "Confusion by band"),
    "inflation": ("종류별 부풀림", "Inflation by kind"),
    "cost": ("비용과 품질", "Cost against quality"),
}


def write(result: Mapping[str, Any], folder: Path) -> None:
    """Write the three files; each appears whole or not at all.

    Raises:
        OSError: the folder can't be written.
    """
    made: dict[str, Callable[[], str]] = {
        "results.json": lambda: json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
        "junit.xml": lambda: junit(result),
        "report.html": lambda: html(result),
    }
    for name, text in made.items():
        draft = folder / f".{name}.part"
        try:
            draft.write_text(text(), encoding="utf-8")
            draft.replace(folder / name)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(folder / name)) from None


def junit(result: Mapping[str, Any]) -> str:
    """JUnit XML: a suite for each suite of each variant, a test case for each threshold and each figure compared. Worse is
    a failure, a suite that could not run an error."""
    root = ElementTree.Element("testsuites", name="eval")
    for variant, suites in _by_variant(result).items():
        for name, data in suites.items():
            tests = _tests(result, variant, name)
            label = name if len(result["variants"]) == 1 else f"{name} ({variant})"
            counts = Counter(kind for _, kind, _ in tests)
            suite = ElementTree.SubElement(
                root,
                "testsuite",
                name=label,
                tests=str(len(tests) + bool(data["error"])),
                failures=str(counts["failure"]),
                skipped=str(counts["skipped"]),
                errors=str(int(bool(data["error"]))),
                time=str(data["seconds"]),
            )
            for test, kind, message in tests:
                case = ElementTree.SubElement(suite, "testcase", classname=label, name=test)
                if kind:
                    ElementTree.SubElement(case, kind, message=message)
            if data["error"]:
                case = ElementTree.SubElement(suite, "testcase", classname=label, name="run")
                ElementTree.SubElement(case, "error", message=data["error"])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _tests(result: Mapping[str, Any], variant: str, suite: str) -> list[tuple[str, str, str]]:
    """Name, what became of it ("" is passed), and why, of each test of a variant's suite."""
    kinds = {"met": "", "failed": "failure", "skipped": "skipped"}
    tests = [
        (f"{row['metric']} {row['wanted']}", kinds[row["status"]], row["reason"])
        for row in result["thresholds"]
        if (row["variant"], row["suite"]) == (variant, suite)
    ]
    for row in result["comparisons"]:
        if (row["to"], row["suite"]) == (variant, suite):
            worse = row["verdict"] == "worse"
            why = f"{figure(row['difference'], signed=True)}, p {p_value(row['p_holm'])}" if worse else ""
            tests.append((f"{row['metric']} beside {row['of']}", "failure" if worse else "", why))
    return tests


def _by_variant(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {result["variants"][0]["id"]: result["suites"], **result["others"]}


def html(result: Mapping[str, Any]) -> str:
    """One file that opens from disk. Whatever a candidate or a model wrote is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from eval.figures import figures

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "p": p_value,
        "korean": KOREAN.__getitem__,
        "css": lambda verdict: "unsure" if verdict == "can't tell" else verdict,
    }
    by_variant = _by_variant(result)
    cases = [_shown(case, name, variant) for variant, name, case in _cases(by_variant) if _is_shown(case)]
    plots = figures(by_variant, result["variants"])
    return environment.get_template("report.html").render(
        result=result,
        by_variant=by_variant,
        met=sum(row["status"] == "met" for row in result["thresholds"]),
        unmet=sum(row["status"] == "failed" for row in result["thresholds"]),
        verdicts=Counter({"better": 0, "worse": 0}) + Counter(row["verdict"] for row in result["comparisons"]),
        counts=_counts(by_variant),
        comparisons=_by_pair(result["comparisons"]),
        cases=cases,
        choices={name: sorted({case[key] for case in cases} - {""}) for name, key in FILTERS.items()},
        plots=plots,
        titles=TITLES,
        plotly=_plotly() if plots else "",
    )


def _cases(by_variant: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for variant, suites in by_variant.items():
        for name, data in suites.items():
            yield from ((variant, name, case) for case in data["cases"])


def _is_shown(case: Mapping[str, Any]) -> bool:
    return bool(case.get("failed")) or case["status"] != "graded"


def _shown(case: Mapping[str, Any], suite: str, variant: str) -> dict[str, Any]:
    """A case as its card shows it, with what it is filtered by."""
    group = case.get("kind") or case.get("channel") or case.get("candidate") or case.get("tone") or ""
    state = "failed" if case.get("failed") else case["status"]
    texts = dict.fromkeys(("why", "error", "language", "reply", "critique", "shown", "readers", "score", "repeat"), "")
    found = {**texts, "points": [], "misconceptions": [], **case}
    found["question"] = case.get("question") or case.get("query") or ""
    return {**found, "suite": suite, "variant": variant, "group_name": str(group), "state": state}


def _counts(by_variant: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for _, _, case in _cases(by_variant):
        counted["graded" if case["status"] == "graded" else "missing"] += 1
        counted["failed"] += bool(case.get("failed"))
    return {name: counted[name] for name in ("graded", "missing", "failed")}


def _by_pair(comparisons: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in comparisons:
        pairs.setdefault((row["of"], row["to"]), []).append(row)
    return pairs


@cache
def _plotly() -> str:
    """Plotly's own script, which has no end tag of a script in it that would end ours."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def _number(estimate: Mapping[str, Any], signed: bool = False) -> str:
    value = estimate["value"]
    if float(value).is_integer() and abs(value) >= 2:
        return f"{int(value):,}"
    return f"{value:{'+' if signed else ''}.3f}"


def figure(estimate: Mapping[str, Any], signed: bool = False) -> str:
    """ "0.812 [0.77, 0.85]", a dash where there is no figure."""
    value = estimate["value"]
    if value is None:
        return "–"
    sign, text = "+" if signed else "", _number(estimate, signed)
    if estimate["low"] is None:
        return text
    return f"{text} [{estimate['low']:{sign}.2f}, {estimate['high']:{sign}.2f}]"


def p_value(p: float | None) -> str:
    """ "0.013", "< 0.001", a dash where nothing was tested."""
    return "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
