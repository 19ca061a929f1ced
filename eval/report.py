"""A result as files: results.json, junit.xml, report.html."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

__all__ = ["WORST", "figure", "html", "junit", "p_value", "write"]

TEMPLATES = Path(__file__).with_name("templates")
WORST = 40
"""Cases in the report, those farthest from the readers first."""
KINDS = ("keywords", "parroted", "off_topic", "gibberish", "injection", "dont_know", "negated", "wrong")


def write(result: Mapping[str, Any], folder: Path) -> None:
    """Write the three files; each appears whole or not at all.

    Raises:
        OSError: the folder can't be written.
    """
    texts = {
        "results.json": json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
        "junit.xml": junit(result),
        "report.html": html(result),
    }
    for name, text in texts.items():
        draft = folder / f".{name}.part"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / name)


def junit(result: Mapping[str, Any]) -> str:
    """JUnit XML with one test case a threshold."""
    root = ElementTree.Element("testsuites", name="eval")
    for name, data in result["suites"].items():
        verdicts = [verdict for verdict in result["thresholds"] if verdict["suite"] == name]
        counts = {status: sum(v["status"] == status for v in verdicts) for status in ("failed", "skipped")}
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(verdicts)),
            failures=str(counts["failed"]),
            skipped=str(counts["skipped"]),
            errors="0",
            time=str(data["seconds"]),
        )
        for verdict in verdicts:
            case = ElementTree.SubElement(
                suite, "testcase", classname=name, name=f"{verdict['metric']} {verdict['wanted']}"
            )
            if verdict["status"] != "met":
                tag = "failure" if verdict["status"] == "failed" else "skipped"
                ElementTree.SubElement(case, tag, message=verdict["reason"])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def html(result: Mapping[str, Any]) -> str:
    """One file that opens from disk. Whatever a candidate or a model wrote is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    cases = result["suites"].get("grading", {}).get("cases", [])
    shown = [case for case in cases if case["status"] == "graded" and "reply" in case]
    worst = sorted(shown, key=lambda case: (-abs(case["distance"]), case["id"]))[:WORST]
    return environment.get_template("report.html").render(
        result=result, worst=worst, kinds=_kinds(cases), failed=[case for case in cases if case["status"] != "graded"]
    )


def _kinds(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each kind of reply: how many, the mean score, the readers' mean, and the share scored a half or more."""
    out = []
    graded = [case for case in cases if case["status"] == "graded"]
    for kind in dict.fromkeys(case["kind"] for case in graded):
        own = [case for case in graded if case["kind"] == kind]
        out.append(
            {
                "kind": kind,
                "bad": kind in KINDS,
                "n": len(own),
                "score": sum(case["score"] for case in own) / len(own),
                "readers": sum(sum(case["readers"]) / 8 for case in own) / len(own),
                "half": sum(case["score"] >= 0.5 for case in own) / len(own),
            }
        )
    return out


def figure(estimate: Mapping[str, Any], signed: bool = False) -> str:
    """ "0.812 [0.77, 0.85]", a dash where there is no figure."""
    value = estimate["value"]
    if value is None:
        return "–"
    sign = "+" if signed else ""
    text = str(int(value)) if float(value).is_integer() and abs(value) >= 2 else f"{value:{sign}.3f}"
    if estimate["low"] is None:
        return text
    return f"{text} [{estimate['low']:{sign}.2f}, {estimate['high']:{sign}.2f}]"


def p_value(p: float | None) -> str:
    """ "0.013", "< 0.001", a dash where nothing was tested."""
    return "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
