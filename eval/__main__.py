"""The command line: ``python -m eval``.

    python -m eval                                            # everything, offline
    python -m eval --suite grading --limit 60                 # a quick look
    python -m eval --suite grading --model openai:gpt-5-mini --prompts judge=v1,v2
    python -m eval --suite grading,retrieval --baseline before/results.json

Writes results.json, junit.xml and report.html. Exit codes: 0 all thresholds met, 1 an error in one line, 2 usage, 3 below
a threshold or worse than what it is compared with, 130 on Ctrl-C with the suites that were finished written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.process import collect_rarely

if TYPE_CHECKING:
    from eval.suites import Options

SUITES = "grading,retrieval,conduct,attacks,critique,prompts,speed"
ROOT = Path(__file__).parents[1]
CALIBRATION = ROOT.parent / "shared" / "calibration"
"""Used when it is there; the texts in it are other people's and are no part of the project."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Evaluate the interviewer, and compare prompts, models and runs on the same cases.")
def evaluate(
    suite: Annotated[str, typer.Option(help="Suites, separated by commas.")] = SUITES,
    model: Annotated[
        str, typer.Option(help="offline, auto, or LangChain model ids, separated by commas, to be compared.")
    ] = "offline",
    prompts: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VERSION,… to be compared, such as judge=v1,v2; a version may be a file. Repeatable."),
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, max=100, help="Run each case so many times, to see flicker.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many cases a suite, for a quick look.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="An earlier results.json; fails only on a significant loss against it.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for results.json, junit.xml and report.html.")] = Path(
        "out/eval"
    ),
    calibration: Annotated[
        Path | None, typer.Option(help="A folder of other people's graded replies to measure against.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=64, help="Cases at the same time (1 offline, 8 with a hosted model).")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one case may take.")] = 300.0,
    budget_tokens: Annotated[int | None, typer.Option(min=1, help="Stop when so many tokens are paid for.")] = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="Stop when so many dollars are spent.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Ask hosted models anew.")] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Use recorded answers only; ask no hosted model.")] = False,
) -> None:
    """Run, write, show, and tell by the exit code."""
    from interviewer.errors import InterviewerError, UserMistake

    try:
        from eval.budget import Budget
        from eval.suites import Options
        from eval.variants import matrix
        from eval.work import Work

        folder = _folder(calibration)
        variants = matrix(model, prompts or ())
        budget = Budget(budget_tokens, budget_usd)
        for variant in variants:
            budget.check(variant.model)
        work = Work(budget=budget, concurrency=concurrency, timeout=timeout, repeat=repeat)
        options = Options(variants[0], limit, folder, work=work, cache=_cache(no_cache, replay))
        code = _evaluate(suite, variants, options, baseline, out)
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


def _evaluate(suite: str, variants: tuple[Any, ...], options: Options, baseline: Path | None, out: Path) -> int:
    from eval.gate import load_baseline
    from eval.journal import Journal
    from eval.runner import INTERRUPTED, known_suites
    from eval.runner import evaluate as run

    names = known_suites(suite)
    before = None if baseline is None else load_baseline(baseline)
    out.mkdir(parents=True, exist_ok=True)
    journal = options.work.journal = Journal(out / "journal.jsonl")
    if len(journal):
        typer.echo(f"going on with the {len(journal)} cases of a run that was broken off", err=True)

    from eval.report import write
    from eval.terminal import show

    with _Progress() as progress:
        result = run(names, variants, options, progress.step, before)
    try:
        write(result, out)
    finally:
        if result["exit"] != INTERRUPTED and result["stopped"] is None:
            journal.discard()
        show(result, out)
        for line in _troubles(result, options):
            typer.echo(f"error: {line}", err=True)
    return int(result["exit"])


def _troubles(result: dict[str, Any], options: Options) -> list[str]:
    """What did not work, a line each."""
    found = [
        f"{name}: {data['error']}"
        for suites in (result["suites"], *result["others"].values())
        for name, data in suites.items()
        if data["error"]
    ]
    cache = options.cache.troubles if options.cache else []
    journal = options.work.journal.trouble
    return [*found, *([result["stopped"]] if result["stopped"] else []), *([journal] if journal else []), *cache]


def _folder(calibration: Path | None) -> Path | None:
    from interviewer.errors import UserMistake

    if calibration is not None and not calibration.is_dir():
        raise UserMistake(f"{calibration}: there is no such folder; check --calibration")
    return calibration or (CALIBRATION if CALIBRATION.is_dir() else None)


def _cache(no_cache: bool, replay: bool) -> Any:
    from eval.cache import ResponseCache
    from interviewer.errors import UserMistake
    from interviewer.settings import Settings

    if no_cache and replay:
        raise UserMistake("--replay answers from the cache; leave out --no-cache")
    path = Settings.load(model="offline").home / "cache" / "eval-answers.db"
    return None if no_cache else ResponseCache(path, replay=replay)


class _Progress:
    """A bar for each suite on stderr, with the time that is left, seen only on a terminal."""

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
    collect_rarely()
    app()
