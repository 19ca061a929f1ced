"""Does the time to import a document and to begin an interview over it grow linearly with its questions?

    python -m eval.benchmarks.import_scaling                       # 1,000, 3,000 and 10,000 questions; some minutes
    python -m eval.benchmarks.import_scaling --sizes 200,600

For each size a document of its own is generated and taken through what a user does: imported (read, kept and indexed,
with the offline embeddings), imported once more (nothing to embed), searched, and an interview begun over all of it.
Exit code 3 if a question costs over ``LIMIT`` times as much in the largest document as in the smallest.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from interviewer.plan import make_plan
from knowledge.importing import read, save
from knowledge.index import Index
from knowledge.library import Library

LIMIT = 1.5
SMALLEST_STEP = 0.5
"""In processor seconds, which other programs on the machine do not lengthen: a step that takes less in the largest document is printed, but too short to judge its growth."""

T = TypeVar("T")

STEPS = ("read", "keep", "index", "again", "begin")
THINGS = ("학습률", "배치 크기", "드롭아웃 비율", "가중치 초기값", "커널 크기", "임베딩 차원", "에폭 수", "모멘텀 계수")
CHANGES = ("두 배로 키우면", "절반으로 줄이면", "0으로 두면", "학습 도중에 바꾸면", "층마다 다르게 하면")
EFFECTS = ("학습 속도", "과적합 정도", "메모리 사용량", "검증 정확도", "기울기의 분산", "수렴하는 지점")


def document(size: int) -> Iterator[str]:
    """The lines of a document of ``size`` questions, every second one a follow-up, no two of them alike."""
    asked = itertools.product(range(size), THINGS, CHANGES, EFFECTS)
    for number, (case, thing, change, effect) in enumerate(itertools.islice(asked, size)):
        question = f"실험 {number}: {thing}를 {change} {effect}은 어떻게 되나?"
        yield f"{number // 2 + 1}. {question}" if number % 2 == 0 else f"+ {question}"
        yield "A."
        yield f"    1. {effect}이 {case + number % 97}% 달라진다. {thing} 하나만 바꾸고 다른 것은 그대로 두었기 때문이다."


def seconds_of(size: int, folder: Path) -> dict[str, float]:
    """The processor seconds that each of ``STEPS`` takes with a document of ``size`` questions, in a data folder of its own."""
    path = folder / f"generated-{size}.txt"
    path.write_text("\n".join(document(size)), encoding="utf-8")
    home = folder / str(size)
    seconds: dict[str, float] = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        result = work()
        seconds[step] = time.process_time() - start
        return result

    found = timed("read", lambda: read(path))
    kept = timed("keep", lambda: save(found, home))
    with closing(Index.open(home, document=kept.name)) as index:
        added = timed("index", lambda: index.refresh(kept.bank)).added
        again = timed("again", lambda: index.refresh(kept.bank)).added
    if added != 2 * size or again:
        raise RuntimeError(f"{added} passages were embedded, then {again} once more; {2 * size} and 0 were expected")
    begun = timed("begin", lambda: make_plan(Library(home).open(kept.name).bank))
    if len(begun) != size:
        raise RuntimeError(f"the plan has {len(begun)} questions of {size}")
    return seconds


def main(
    sizes: Annotated[str, typer.Option(help="Numbers of questions, smallest first.")] = "1000,3000,10000",
) -> None:
    """Time the import of generated documents of growing size, in processor seconds."""
    counts = [int(size) for size in sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        seconds_of(10, Path(folder))  # what is loaded once a process is not counted
        measured = {size: seconds_of(size, Path(folder)) for size in counts}
    typer.echo("questions  " + "".join(f"{step:>9}" for step in STEPS) + "    total   ms a question")
    for size, seconds in measured.items():
        total = sum(seconds.values())
        cells = "".join(f"{seconds[step]:9.2f}" for step in STEPS)
        typer.echo(f"{size:9,}  {cells}{total:9.2f}{1000 * total / size:16.2f}")
    first, last = measured[counts[0]], measured[counts[-1]]
    growth = {step: (last[step] / counts[-1]) / (first[step] / counts[0]) for step in STEPS}
    growth["total"] = (sum(last.values()) / counts[-1]) / (sum(first.values()) / counts[0])
    last = {**last, "total": sum(last.values())}
    typer.echo("ratio      " + "".join(f"{growth[step]:9.2f}" for step in (*STEPS, "total")))
    slow = [step for step, ratio in growth.items() if ratio > LIMIT and last[step] >= SMALLEST_STEP]
    if slow:
        typer.echo(f"over {LIMIT} times as long a question: {', '.join(slow)}", err=True)
        sys.exit(3)


if __name__ == "__main__":
    typer.run(main)
