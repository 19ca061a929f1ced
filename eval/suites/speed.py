"""How fast, as ratios within one run, since seconds say more about the machine than about the program.

``interview_over_imports``  a scripted interview of 64 questions in a fresh data folder, over a process that only imports
                            the same libraries and loads Kiwi (each the best of its runs, taken in turn)
``turn_over_yardstick``     the median turn of such an interview without the model's time, over the median of one Chroma
                            query plus one durable SQLite commit, taken between the turns in the same process
``judge_over_tokenising``   seconds per reply of the judge, over seconds for Kiwi to tokenise the same replies once

Always the offline model: the rest of the program is measured, not a provider's network.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from eval.statistics import Estimate
from eval.suites import Options, Outcome
from interviewer.errors import InterviewerError

__all__ = ["run"]

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "interviewer" / "examples" / "ko.yaml"
RUNS = 3
TIMEOUT_SECONDS = 300
IMPORTS = (
    "import langgraph.graph, langchain, chromadb, sqlalchemy, alembic, sympy, typer, rich, jinja2, kiwipiepy;"
    "kiwipiepy.Kiwi(load_multi_dict=False).tokenize('')"
)
JUDGED = 120


def run(options: Options) -> Outcome:
    """Measure all three. ``limit`` bounds the turns and the replies, and the interview is then run once.

    Raises:
        InterviewerError: a process that is timed ended with an error.
    """
    outcome = Outcome()
    parts: tuple[Callable[[Options, Outcome], None], ...] = (_start_up, _turns, _judging)
    for done, part in enumerate(parts, 1):
        part(options, outcome)
        options.progress(done, len(parts))
    outcome.counts = {"graded": len(outcome.cases), "unscored": 0, "errored": 0}
    return outcome


def _start_up(options: Options, outcome: Outcome) -> None:
    interviews, imports = [], []
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder, "bytecode")
        for n in range(RUNS if options.limit is None else 1):
            home = Path(folder, str(n))
            out = ["--json", str(Path(folder, f"{n}.json")), "--home", str(home), "--model", "offline"]
            imports.append(_seconds([sys.executable, "-c", IMPORTS], compiled))
            interviews.append(_seconds([sys.executable, "-m", "interviewer", "run", str(SCRIPT), *out], compiled))
    _ratio("interview_over_imports", min(interviews), min(imports), len(interviews), outcome)


def _seconds(command: Sequence[str], compiled: Path) -> float:
    """Seconds of a process. ``compiled`` holds the bytecode: the first run compiles, the later ones are as every start is
    for a user; where nothing may be written beside the sources, all runs would compile instead."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("INTERVIEWER_", "OPENAI_"))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = str(compiled)
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, timeout=TIMEOUT_SECONDS, check=False, text=True
    )
    spent = time.perf_counter() - started
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        raise InterviewerError(f"a process that is timed failed: {last}")
    return spent


def _turns(options: Options, outcome: Outcome) -> None:
    from interviewer.grader import Grader, Grading
    from interviewer.models import open_model
    from interviewer.script import load_script, play
    from interviewer.service import Interviewer, View
    from interviewer.settings import Settings
    from knowledge.library import Library
    from prompts.loader import load

    class Timed(Grader):
        """The grader, with the time that it takes."""

        spent = 0.0

        def grade(self, *given: Any, **named: Any) -> Grading:
            started = time.perf_counter()
            grading = super().grade(*given, **named)
            self.spent += time.perf_counter() - started
            return grading

    whole: list[float] = []
    own: list[float] = []
    yardsticks: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        library = Library()
        grader = Timed([open_model("offline", library)], load("judge"))
        interviewer = Interviewer(Settings(home=Path(folder, "home")), library=library, grader=grader)
        yardstick, release = _yardstick(Path(folder, "yardstick"))
        yardstick()
        started = [time.perf_counter()]

        def turn(_: View) -> None:
            whole.append(time.perf_counter() - started[0])
            own.append(whole[-1] - grader.spent)
            yardsticks.append(yardstick())
            grader.spent = 0.0
            started[0] = time.perf_counter()

        script = load_script(SCRIPT)
        if options.limit is not None:
            script = script.model_copy(update={"topics": ("1", "2")})
        try:
            play(interviewer, script, "offline", turn, lambda _: started.__setitem__(0, time.perf_counter()))
        finally:
            interviewer.close()
            release()
    _ratio("turn_over_yardstick", median(own), median(yardsticks), len(own), outcome)
    outcome.add("turn_own_seconds", Estimate(median(own), n=len(own)))
    outcome.add("turn_whole_seconds", Estimate(median(whole), n=len(whole)))


def _yardstick(folder: Path) -> tuple[Callable[[], float], Callable[[], None]]:
    """What times one Chroma query (its vector known) plus one SQLite commit as durable as the program's, and what closes
    them again."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    from knowledge.document import DEFAULT_DOCUMENT, load
    from knowledge.embeddings import embeddings
    from knowledge.index import chunks

    folder.mkdir()
    parts = chunks(load(DEFAULT_DOCUMENT))
    vectors: Any = embeddings("offline").embed_documents([part.context for part in parts])
    client = chromadb.PersistentClient(str(folder / "chroma"), ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection("yardstick", embedding_function=None)
    collection.add([part.id for part in parts], vectors, documents=[part.text for part in parts])
    database = sqlite3.connect(folder / "yardstick.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE turns (n INTEGER PRIMARY KEY, reply TEXT)")
    database.commit()
    count = 0

    def once() -> float:
        nonlocal count
        place = count % len(parts)
        count += 1
        started = time.perf_counter()
        collection.query([vectors[place]], n_results=5)
        database.execute("INSERT INTO turns (reply) VALUES (?)", (parts[place].text,))
        database.commit()
        return time.perf_counter() - started

    def release() -> None:
        database.close()
        client.close()  # type: ignore[attr-defined]

    return once, release


def _judging(options: Options, outcome: Outcome) -> None:
    from eval.suites.grading import REPLIES, load_replies
    from interviewer.grader import Grader, Said
    from interviewer.models import open_model
    from knowledge.language import kiwi, nfc
    from knowledge.library import Library
    from prompts.loader import load

    library = Library()
    book = library.open()
    grader = Grader([open_model("offline", library)], load("judge"))
    rows = [row for row in load_replies(REPLIES)[0] if row.kind not in ("dont_know", "gibberish")]
    step = max(1, len(rows) // min(JUDGED, options.limit or JUDGED))
    chosen = rows[::step]
    tokenizer = kiwi()
    others = {row.question_id: row for row in rows if row not in chosen}
    for row in (*others.values(), *rows[1::step]):  # after start: rubrics compiled, sympy imported
        grader.grade(book.key(row.question_id), [Said("candidate", row.reply)])
    judging = tokenising = 0.0
    for row in chosen:
        started = time.perf_counter()
        tokenizer.tokenize(nfc(row.reply))
        between = time.perf_counter()
        grader.grade(book.key(row.question_id), [Said("candidate", row.reply)])
        judging += time.perf_counter() - between
        tokenising += between - started
    _ratio("judge_over_tokenising", judging, tokenising, len(chosen), outcome)
    outcome.add("replies_per_second", Estimate(len(chosen) / judging, n=len(chosen)))


def _ratio(name: str, ours: float, bar: float, n: int, outcome: Outcome) -> None:
    outcome.add(name, Estimate(ours / bar, n=n))
    record = {"id": name, "status": "graded", "seconds": round(ours, 5), "yardstick_seconds": round(bar, 5), "n": n}
    outcome.cases.append(record)
