"""The command line: ``python -m interviewer``.

    python -m interviewer run interviewer/examples/ko.yaml --report report.md
    python -m interviewer chat
    python -m interviewer grade --input replies.jsonl --output graded.jsonl

Exit codes: 0 done, 1 failed with one line on stderr, 2 usage, 130 on Ctrl-C with everything so far saved.
Only Typer is loaded for ``--help``; each command loads what it needs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.process import collect_rarely

if TYPE_CHECKING:
    from interviewer.service import Interviewer, View

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__.split("\n")[0]
)


class Lang(StrEnum):
    """Languages of the interview."""

    ko = "ko"
    en = "en"


class ToneName(StrEnum):
    """Tones of the critique."""

    plain = "plain"
    kind = "kind"
    demanding = "demanding"


ModelOption = Annotated[str | None, typer.Option(help="auto, offline, or a LangChain model id (openai:gpt-5-mini).")]
BudgetOption = Annotated[
    str | None, typer.Option(help="The most that it may take: 0.50 (US dollars) or '200k tokens'.")
]
HomeOption = Annotated[Path | None, typer.Option(help="The data folder (INTERVIEWER_HOME).")]


@app.command()
def run(
    script: Annotated[Path, typer.Argument(help="A YAML script; see interviewer/examples.")],
    model: ModelOption = None,
    language: Annotated[Lang | None, typer.Option(help="Overrides the script's language.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the interview as JSON.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report, .md or .html.")] = None,
    budget: BudgetOption = None,
    home: HomeOption = None,
) -> None:
    """Run a scripted interview."""
    with _clear_errors():
        from interviewer.script import load_script, play
        from interviewer.terminal import Bar, interruptible, show_summary

        _report_ending(report)
        wanted = load_script(script)
        if language:
            wanted = wanted.model_copy(update={"language": language.value})
        _writable(json_out, report)
        interviewer = _interviewer(model, home, budget)
        with Bar("turns") as bar, interruptible(interviewer.cancel_all):
            last: list[View] = []
            try:
                view = play(interviewer, wanted, model, progress=bar.view, started=last.append)
            except KeyboardInterrupt:
                if last:
                    typer.echo(f"stopped; go on with: python -m interviewer resume {last[0].id[:8]}", err=True)
                raise
        data = _write(interviewer, view, json_out, report)
        show_summary(data)


@app.command()
def grade(
    source: Annotated[Path, typer.Option("--input", help="Replies, one JSON object a line.")],
    target: Annotated[Path, typer.Option("--output", help="Where the graded lines go.")],
    model: ModelOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an output that was interrupted.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
    document: Annotated[str | None, typer.Option(help="The document that question ids are of.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Replies graded at the same time.")] = 1,
    budget: BudgetOption = None,
    home: HomeOption = None,
) -> None:
    """Grade a file of replies."""
    with _clear_errors():
        from interviewer.batch import grade_file
        from interviewer.calls import Cancel
        from interviewer.terminal import Bar, interruptible
        from interviewer.usage import Purse

        interviewer = _interviewer(model, home, budget)
        book, cancel = interviewer.library.open(document), Cancel()
        total, counts = _count_lines(source), {"graded": 0, "not graded": 0}
        lines = grade_file(
            source,
            target,
            interviewer.grader(),
            book,
            resume=resume,
            force=force,
            max_reply=interviewer.settings.max_reply,
            workers=workers,
            purse=Purse(interviewer.settings.budget),
            cancel=cancel,
        )
        with Bar("replies", total) as bar, interruptible(cancel.set):
            for line in lines:
                counts["graded" if line["graded"] else "not graded"] += 1
                bar.step()
        typer.echo(f"{counts['graded']} graded, {counts['not graded']} not graded: {target}", err=True)


@app.command()
def chat(
    topic: Annotated[list[str] | None, typer.Option(help="A main question's number; repeat for several.")] = None,
    language: Annotated[Lang, typer.Option(help="Language of the interview.")] = Lang.ko,
    follow_ups: Annotated[bool, typer.Option(help="Ask the follow-up questions.")] = True,
    probes: Annotated[bool, typer.Option(help="Ask about a missing key point once more.")] = True,
    tone: Annotated[ToneName, typer.Option(help="Tone of the critique.")] = ToneName.plain,
    document: Annotated[str | None, typer.Option(help="Another document, imported before.")] = None,
    model: ModelOption = None,
    budget: BudgetOption = None,
    home: HomeOption = None,
) -> None:
    """Be interviewed in the terminal."""
    with _clear_errors():
        from interviewer.service import Options
        from interviewer.terminal import converse

        interviewer = _interviewer(model, home, budget)
        options = Options(
            "en" if language is Lang.en else "ko",
            tuple(topic) if topic else None,
            "all" if follow_ups else "none",
            document,
            tone.value,
            probes,
            model,
        )
        converse(interviewer, interviewer.start(options))


@app.command()
def resume(
    interview: Annotated[str, typer.Argument(help="An interview's id, or its beginning.")], home: HomeOption = None
) -> None:
    """Go on with an interview where it stopped."""
    with _clear_errors():
        from interviewer.terminal import converse

        interviewer = _interviewer(None, home)
        converse(interviewer, interviewer.resume(interview))


@app.command("list")
def list_(
    json_out: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    home: HomeOption = None,
) -> None:
    """List the interviews."""
    with _clear_errors():
        from interviewer.terminal import interview_data, show_interviews

        interviewer = _interviewer(None, home)
        rows = [
            interview_data(interviewer, interviewer.view(r.id)) for r in interviewer.store.list_interviews(limit=limit)
        ]
        if json_out:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            show_interviews(rows)


@app.command()
def report(
    interview: Annotated[str, typer.Argument(help="An interview's id, or its beginning.")],
    out: Annotated[
        Path | None, typer.Option(help="A .md, .html or .json file; Markdown to the terminal without it.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write an interview's report."""
    with _clear_errors():
        from interviewer.report import markdown_report

        _report_ending(out, ".json")
        interviewer = _interviewer(None, home)
        view = interviewer.resume(interview)
        as_json = out is not None and out.suffix.lower() == ".json"
        data = _write(interviewer, view, out if as_json else None, None if as_json else out)
        if out is None:
            typer.echo(markdown_report(data))


@app.command()
def regrade(
    interview: Annotated[str, typer.Argument(help="An interview's id, or its beginning.")],
    ungraded: Annotated[bool, typer.Option("--ungraded", help="Only the answers that have no grade.")] = False,
    model: ModelOption = None,
    budget: BudgetOption = None,
    home: HomeOption = None,
) -> None:
    """Judge the answers of an interview once more."""
    with _clear_errors():
        from interviewer.terminal import Bar, interruptible

        interviewer = _interviewer(None, home, budget)
        failed: list[str] = []
        with Bar("answers") as bar, interruptible(interviewer.cancel_all):
            for turn, grading in interviewer.regrade(interview, model, ungraded_only=ungraded):
                bar.step()
                if grading.error:
                    failed.append(f"{turn.question_id}: {grading.error}")
        typer.echo(f"{bar.done - len(failed)} graded, {len(failed)} not graded", err=True)
        if failed:
            typer.echo(failed[0], err=True)
            raise typer.Exit(1)


@app.command()
def doctor(model: ModelOption = None, home: HomeOption = None) -> None:
    """Show what is used (model, embeddings, database, folders) and whether it works."""
    with _clear_errors():
        from interviewer.doctor import examine
        from interviewer.terminal import show_findings

        findings = examine(_settings(model, home))
        show_findings(findings)
        if any(not finding.fine for finding in findings):
            raise typer.Exit(1)


def main() -> None:
    """The entry point."""
    collect_rarely()
    app()


def _settings(model: str | None, home: Path | None, budget: str | None = None) -> Any:
    from interviewer.logs import log_to
    from interviewer.settings import Settings

    settings = Settings.load(model=model, home=home, budget=budget)
    log_to(settings.log)
    return settings


def _interviewer(model: str | None, home: Path | None, budget: str | None = None) -> Interviewer:
    from interviewer.service import Interviewer

    return Interviewer(_settings(model, home, budget))


def _write(interviewer: Interviewer, view: View, json_out: Path | None, report_out: Path | None) -> dict[str, Any]:
    """The outcome, written where asked; each file appears whole or not at all."""
    from interviewer.outcome import outcome
    from interviewer.report import render_report

    data = outcome(view, interviewer.library.open(view.row.document))
    texts = {json_out: json.dumps(data, ensure_ascii=False, indent=2) + "\n"} if json_out else {}
    if report_out:
        texts[report_out] = render_report(report_out.suffix, data)
    for path, text in texts.items():
        if path is None:
            continue
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return data


def _writable(*paths: Path | None) -> None:
    """Fail before the interview, not after it, where an output can't be written."""
    from interviewer.errors import UserMistake

    for path in paths:
        if path is None:
            continue
        if path.is_dir() or not path.parent.is_dir():
            raise UserMistake(f"{path} can't be written; name a file in a folder that exists")
        try:
            draft = path.with_name(f".{path.name}.part")
            draft.touch()
            draft.unlink()
        except OSError as error:
            raise UserMistake(f"{path} can't be written ({error.strerror})") from None


def _report_ending(path: Path | None, *more: str) -> None:
    endings = (".md", ".html", ".htm", *more)
    if path is not None and path.suffix.lower() not in endings:
        from interviewer.errors import UserMistake

        raise UserMistake(f"{path}: the ending must be one of {', '.join(endings)}")


def _count_lines(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except OSError:
        return None


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Mistakes and failures as one line on stderr with their exit code."""
    from interviewer.errors import InterviewerError, UserMistake

    try:
        yield
    except UserMistake as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    except InterviewerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None
    except OSError as error:
        typer.echo(f"error: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


if __name__ == "__main__":
    main()
