"""The command line: ``python -m eval``.

    python -m eval                                   # everything, offline
    python -m eval --suite grading --limit 60        # a quick look
    python -m eval --suite grading --calibration FOLDER

Writes results.json, junit.xml and report.html. Exit codes: 0 all thresholds met, 1 an error in one line, 2 usage, 3 below
a threshold, 130 on Ctrl-C with the suites that were finished written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Evaluate the interviewer: agreement with readers, retrieval, speed.")
def evaluate(
    suite: Annotated[str, typer.Option(help="Suites, separated by commas.")] = "grading,retrieval,speed",
    model: Annotated[
        str, typer.Option(help="offline, auto, or a LangChain model id; for the grading suite.")
    ] = "offline",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many cases a suite, for a quick look.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for results.json, junit.xml and report.html.")] = Path(
        "out/eval"
    ),
    calibration: Annotated[
        Path | None, typer.Option(help="A folder of other people's graded replies to measure against.")
    ] = None,
) -> None:
    """Run, write, show, and tell by the exit code."""
    from interviewer.errors import InterviewerError, UserMistake

    try:
        code = _evaluate(suite, model, limit, out, calibration)
    except UserMistake as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    except InterviewerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"error: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(code)


def _evaluate(suite: str, model: str, limit: int | None, out: Path, calibration: Path | None) -> int:
    from eval.runner import CALIBRATION, known_suites
    from interviewer.errors import UserMistake
    from interviewer.settings import Settings

    names = known_suites(suite)
    models = Settings.load(model=model).models
    if len(models) != 1:
        raise UserMistake(f"--model takes one model, not {model!r}")
    if calibration is not None and not calibration.is_dir():
        raise UserMistake(f"{calibration}: there is no such folder; check --calibration")
    out.mkdir(parents=True, exist_ok=True)
    folder = calibration or (CALIBRATION if CALIBRATION.is_dir() else None)

    from eval.report import show, write
    from eval.runner import evaluate as run
    from eval.suites import Options

    with _Progress() as progress:
        result = run(names, Options(models[0], limit, folder), progress.step)
    write(result, out)
    show(result, out)
    for name, data in result["suites"].items():
        if data["error"]:
            typer.echo(f"error: {name}: {data['error']}", err=True)
    return int(result["exit"])


class _Progress:
    """A bar for each suite on stderr, seen only on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bars = Progress(console=console, disable=not console.is_terminal, transient=True)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> _Progress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def step(self, name: str, done: int, total: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)


if __name__ == "__main__":
    app()
