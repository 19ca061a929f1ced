"""The command line of what is known: ``python -m knowledge``.

    python -m knowledge check
    python -m knowledge search "왜 ReLU를 쓰나" --k 5 --json
    python -m knowledge import cards.csv --name 면접 --preview

Exit codes: 0 done, 1 failed with one line on stderr (``check``: one line a fault), 2 usage, 130 on Ctrl-C with everything
so far saved. Only Typer is loaded for ``--help``; each command loads what it needs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from interviewer.settings import Settings
    from knowledge.document import QuestionBank
    from knowledge.importing import Found, Kept
    from knowledge.index import Index, Refreshed

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__.split("\n")[0]
)

SHOWN_QUESTIONS = 5
SHOWN_REMARKS = 10
LONG_WORK = 1_000
"""Passages from which on progress is told even where stderr is no terminal."""


class Lang(StrEnum):
    """Languages of what is shown."""

    ko = "ko"
    en = "en"


DocumentOption = Annotated[str | None, typer.Option(help="An imported document; the built-in one without it.")]
HomeOption = Annotated[Path | None, typer.Option(help="The data folder (INTERVIEWER_HOME).")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def build(document: DocumentOption = None, home: HomeOption = None) -> None:
    """Bring the search index in line with a document."""
    with _clear_errors():
        settings = _settings(home)
        bank = _library(settings).open(document).bank
        with closing(_index(settings, bank)) as index:
            _say(_refresh(index, bank), bank.name)


@app.command()
def check(
    folder: Annotated[Path | None, typer.Option(help="Rubric files to check instead of the document's own.")] = None,
    document: DocumentOption = None,
    home: HomeOption = None,
) -> None:
    """Check that a document and its rubrics fit together."""
    with _clear_errors():
        from knowledge.checking import check as find_faults
        from knowledge.document import load
        from knowledge.errors import UserMistake

        path, rubrics = _files(document, home)
        if folder is not None and not any(folder.glob("*.yaml")):
            raise UserMistake(f"{folder} holds no rubric files; they are called 01.yaml and so on")
        bank = load(path)
        if folder is None and not rubrics.is_dir():
            typer.echo(f"{len(bank)} questions, no rubrics: graded by the document's own answers")
            return
        findings = find_faults(bank, path, folder or rubrics)
        for fault in findings.faults:
            typer.echo(str(fault), err=True)
        if findings.faults:
            raise typer.Exit(1)
        counts = f"{findings.questions} questions, {findings.points} points, {findings.errata} errata"
        typer.echo(f"{counts}: fine")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, in Korean, English or both.")],
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="How many passages.")] = 5,
    json_out: JsonOption = False,
    document: DocumentOption = None,
    home: HomeOption = None,
) -> None:
    """Show the passages of a document that are nearest to a query."""
    with _clear_errors():
        settings = _settings(home)
        bank = _library(settings).open(document).bank
        with closing(_index(settings, bank)) as index:
            _refresh(index, bank)
            found = index.search(query, k)
        if json_out:
            rows = [{**p._asdict(), "lines": list(p.lines), "distance": round(p.distance, 6)} for p in found]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        columns = ("distance", "question", "lines", "text")
        _show_table(columns, [(f"{p.distance:.3f}", p.question_id, _span(*p.lines), p.text) for p in found])


@app.command()
def errata(
    json_out: JsonOption = False,
    language: Annotated[Lang, typer.Option(help="Language of the texts.")] = Lang.ko,
    document: DocumentOption = None,
    home: HomeOption = None,
) -> None:
    """List where a document is wrong, and what is right."""
    with _clear_errors():
        from knowledge.rubric import load_rubrics

        _, folder = _files(document, home)
        found = sorted(
            (
                (erratum.line, rubric.id, erratum)
                for rubric in load_rubrics(folder).values()
                for erratum in rubric.errata
            ),
            key=lambda row: row[:2],
        )
        rows = [
            {
                "question_id": question_id,
                "line": line,
                "kind": erratum.kind,
                "says": erratum.says[language.value],
                "correct": erratum.correct[language.value],
                "why": erratum.why[language.value],
                "source": erratum.source,
            }
            for line, question_id, erratum in found
        ]
        if json_out:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            _show_errata(rows)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .txt, .md, .csv, .tsv, .jsonl or Anki .apkg file.")],
    name: Annotated[str | None, typer.Option(help="The document's name; the file's by default.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be imported, and write nothing.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Have a chat model draft rubrics for review.")] = False,
    model: Annotated[str | None, typer.Option(help="For --draft: auto, offline, or a LangChain model id.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace another document of this name.")] = False,
    home: HomeOption = None,
) -> None:
    """Import questions and answers as a document of your own."""
    with _clear_errors(), _resumable():
        from knowledge.errors import UserMistake
        from knowledge.importing import read, save

        if preview and draft:
            raise UserMistake("--preview writes nothing, so there is nothing to draft; leave one of them out")
        settings = _settings(home, model)
        found = read(file, name)
        _show_found(found)
        if preview:
            _show_questions(found.bank)
            return
        kept = save(found, settings.home, force=force)
        if kept.set_aside is not None:
            typer.echo(f"the rubrics of the text before are in {kept.set_aside}", err=True)
        with closing(_index(settings, kept.bank)) as index:
            _say(_refresh(index, kept.bank), kept.name)
        if draft:
            _draft(settings, kept)
        typer.echo(
            f"choose it with: --document {kept.name!r}"
            if " " in kept.name
            else f"choose it with: --document {kept.name}"
        )


def main() -> None:
    """The entry point."""
    app()


# --- What the commands share ------------------------------------------------------------------------------------------


def _settings(home: Path | None, model: str | None = None) -> Settings:
    from interviewer.settings import Settings

    return Settings.load(home=home, model=model)


def _library(settings: Settings) -> Any:
    from knowledge.library import Library

    return Library(settings.home)


def _files(document: str | None, home: Path | None) -> tuple[Path, Path]:
    """A document's file and its folder of rubrics. The document is not read: its faults are for the caller to find."""
    from knowledge.document import DEFAULT_DOCUMENT
    from knowledge.errors import UserMistake
    from knowledge.rubric import RUBRICS

    if document in (None, DEFAULT_DOCUMENT.name):
        return DEFAULT_DOCUMENT, RUBRICS
    settings = _settings(home)
    names = _library(settings).names
    if document not in names:
        raise UserMistake(f"there is no document {document!r}; there are {', '.join(names)}")
    folder = settings.home / "documents" / str(document)
    return folder / "document.txt", folder / "rubrics"


def _index(settings: Settings, bank: QuestionBank) -> Index:
    from knowledge.index import Index

    return Index.open(settings.home, settings.chroma_url, settings.embeddings, bank.name)


def _refresh(index: Index, bank: QuestionBank) -> Refreshed:
    """Refresh an index, with its progress on stderr."""
    with _progress("passages") as report:
        return index.refresh(bank, report)


def _say(done: Refreshed, name: str) -> None:
    typer.echo(f"{name}: {done.added} added, {done.deleted} deleted, {done.kept} kept")


def _show_found(found: Found) -> None:
    """What a file holds, and what its author may want to mend."""
    bank = found.bank
    typer.echo(f"{bank.name}: {len(bank.mains)} main questions, {len(bank) - len(bank.mains)} follow-ups", err=True)
    for remark in found.remarks[:SHOWN_REMARKS]:
        typer.echo(f"{found.source}: {remark}", err=True)
    if len(found.remarks) > SHOWN_REMARKS:
        typer.echo(f"and {len(found.remarks) - SHOWN_REMARKS} more remarks", err=True)


def _show_questions(bank: QuestionBank) -> None:
    for question in bank.questions[:SHOWN_QUESTIONS]:
        typer.echo(f"{question.id}. {question.text} ({len(question.answers)} answer lines)")
    if len(bank) > SHOWN_QUESTIONS:
        typer.echo(f"and {len(bank) - SHOWN_QUESTIONS} more questions")


def _show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _show_errata(rows: Sequence[Mapping[str, Any]]) -> None:
    """The corrections for a reader, in the order of the document's lines."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for row in rows:
        head = Text.assemble((f"line {row['line']}", "bold"), f" · question {row['question_id']} · {row['kind']}")
        console.print(head)
        for label in ("says", "correct", "why", "source"):
            console.print(Text.assemble((f"  {label:8}", "dim"), str(row[label])))
    console.print(Text(f"{len(rows)} corrections", style="dim"))


def _draft(settings: Settings, kept: Kept) -> None:
    """Draft a rubric for each main question into ``drafts/``; nothing is graded by one until it is moved to ``rubrics/``."""
    from interviewer.failures import provider_failure
    from interviewer.models import OFFLINE, open_model, patient
    from knowledge.drafting import Drafter, DraftRefused, draft_path, plain_draft, write_draft
    from knowledge.rubric import Topic
    from prompts.loader import load

    folder = kept.folder / "drafts"
    model = open_model(settings.models[0], _library(settings))
    chat = patient(model.chat)

    def ask(messages: Sequence[tuple[str, str]]) -> str:
        try:
            return str(chat.invoke(list(messages)).text)
        except Exception as error:  # providers raise what they like; its text may hold the key
            typer.echo(
                f"error: {provider_failure(error)}; the drafts so far are kept, the rest is drafted next time", err=True
            )
            raise typer.Exit(1) from None

    schema = json.dumps(Topic.model_json_schema(), ensure_ascii=False)
    drafter = None if model.id == OFFLINE else Drafter(ask, load("draft").render(schema=schema))
    refused = 0
    for main in kept.bank.mains:
        if draft_path(folder, main.id).exists():
            continue
        try:
            write_draft(drafter(kept.bank, main.id) if drafter else plain_draft(kept.bank, main.id), folder)
        except DraftRefused as why:
            refused += 1
            typer.echo(f"question {main.id}: no draft, {why}", err=True)
    typer.echo(f"drafts to review: {folder}; move one to {kept.folder / 'rubrics'} to grade by it ({refused} refused)")


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Tells how much is done of how much: a bar where stderr is a terminal, else a line each time if there is far to go."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: typer.echo(f"{what}: {done:,} of {total:,}", err=True) if total > LONG_WORK else None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("stopped; the same import again goes on where this one was", err=True)
        raise


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Mistakes and failures as one line on stderr with their exit code."""
    from knowledge.errors import UserMistake

    try:
        yield
    except UserMistake as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"error: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


if __name__ == "__main__":
    main()
