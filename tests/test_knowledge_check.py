"""``python -m knowledge check`` finds what an author gets wrong, and names the file and the line to mend."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from knowledge.__main__ import app
from knowledge.document import DEFAULT_DOCUMENT
from knowledge.rubric import RUBRICS


@dataclass(frozen=True)
class Plant:
    """A fault: the first ``old`` of a rubric file becomes ``new``. It is named where the text first differs, ``below``
    lines further down, or at the last line before that which begins with ``under``; ``says`` stands in what is said."""

    name: str
    file: str
    old: str
    new: str
    says: str
    below: int = 0
    under: str = ""


AUTO_ML = "  - id: automates-search\n"

PLANTS = [
    # The form.
    Plant("not-yaml", "16.yaml", "questions:\n", "questions: [\n", "not YAML", below=1),
    Plant("unknown-key-of-a-file", "01.yaml", "topic:", "topik:", "topik"),
    Plant("unknown-key-of-a-question", "07.yaml", "  points:", "  poonts:", "poonts"),
    Plant("key-twice", "16.yaml", "  full_marks_at: ", "  full_marks_at: 6\n  full_marks_at: ", "twice", below=1),
    Plant("weight-too-large", "16.yaml", "    weight: 3\n", "    weight: 9\n", "weight"),
    Plant("weight-no-number", "16.yaml", "    weight: 3\n", "    weight: heavy\n", "weight"),
    Plant("bad-id", "16.yaml", AUTO_ML, "  - id: Automates Search\n", "points.0.id"),
    # A point.
    Plant("id-twice", "16.yaml", "  - id: methods\n", "  - id: automates-search\n", "stands twice"),
    Plant("full-marks-out-of-reach", "16.yaml", "full_marks_at: ", "full_marks_at: 99", "all points together"),
    Plant("no-probe", "16.yaml", "    probe:\n", "    prob:\n", "prob"),
    Plant("line-outside-the-document", "16.yaml", "    source: [292]", "    source: [9292]", "line 9292 is no answer"),
    Plant("line-of-another-question", "16.yaml", "    source: [292]", "    source: [292, 3]", "line 3 is no answer"),
    Plant("line-no-number", "16.yaml", "    source: [292]", "    source: [first]", "source"),
    # Words and patterns.
    Plant("unknown-concept", "16.yaml", "    said: [", "    said: [nosuch_concept, ", "'nosuch_concept'"),
    Plant("bad-pattern", "16.yaml", "    said: [", '    said: ["auto & search", ', "not a concept name"),
    Plant("bad-regex", "16.yaml", "    auto: [", "    auto: ['/(unclosed/', ", "no regular expression"),
    Plant("unused-concept", "16.yaml", "  concepts:\n", "  concepts:\n    lonely: [외톨이]\n", "used by no pattern"),
    Plant("empty-concept", "16.yaml", "    auto: [", "    auto: [' ', ", "empty form"),
    # Corrections.
    Plant("erratum-without-source", "15.yaml", "    source: ", "    sauce: ", "sauce"),
    Plant("erratum-source-of-nothing", "15.yaml", '    source: "', '    source: "TODO" # "', "source"),
    Plant("erratum-without-a-year", "15.yaml", "42(8), 2009", "42(8)", "no year"),
    Plant("erratum-of-another-question", "09.yaml", "  - line: 195", "  - line: 7", "line 7 is not of this question"),
    Plant("erratum-twice", "09.yaml", "  - line: 205", "  - line: 203", "two errata for line 203"),
    Plant("misconception-of-no-erratum", "04.yaml", "    line: 76\n", "    line: 75\n", "line 75 is no erratum"),
    # Both languages, and what is shown to a candidate.
    Plant("no-english-question", "16.yaml", "    en: What does AutoML do?", "    eng: What?", "en"),
    Plant("korean-for-english", "16.yaml", "What does AutoML do?", "AutoML이 뭐하는 걸까?", "is Korean"),
    Plant("two-hints", "16.yaml", "  hints:\n  - ko:", "  hints:\n  - en: x\n    kr:", "kr", below=1),
    Plant(
        "hint-tells-the-point",
        "16.yaml",
        "en: Recall what is usually settled by feel or experience before training starts.",
        "en: It searches for the model architecture and hyperparameters automatically.",
        "gives the point 'automates-search' away",
        below=-1,
    ),
    # Rubrics and questions.
    Plant("unknown-question", "01.yaml", '- id: "1.1"', '- id: "1.9"', "no question 1.9"),
    Plant("question-in-the-wrong-file", "01.yaml", '- id: "1.1"', '- id: "2.1"', "belongs into 02.yaml"),
    Plant("two-rubrics", "01.yaml", '- id: "1.1"', '- id: "1"', "two rubrics"),
    # Computed answers.
    Plant("check-of-no-point", "04.yaml", "    point: weight-count", "    point: wait-count", "does not exist"),
    Plant(
        "placeholder-of-nothing",
        "04.yaml",
        "입력 채널 {inputs}",
        "입력 채널 {in}",
        "placeholder",
        under="  - kind: number",
    ),
    Plant(
        "particle-of-a-number",
        "04.yaml",
        "입력 채널 {inputs},",
        "입력 채널 {inputs}과",
        "every number",
        under="  - kind: number",
    ),
    Plant(
        "no-expression",
        "04.yaml",
        "(kernel**2 * inputs + 1)",
        "(kernel**2 * input + 1)",
        "input",
        under="  - kind: number",
    ),
    Plant(
        "value-of-no-parameter",
        "04.yaml",
        "      inputs: [3,",
        "      in: [3,",
        "no parameter",
        under="  - kind: number",
    ),
    Plant(
        "formula-of-no-symbol",
        "09.yaml",
        '"v = mu*v - lr*g"',
        '"v = mu*v - lr*grd"',
        "'grd'",
        under="  - kind: formula",
    ),
    Plant("spelling-of-two-symbols", "09.yaml", "eps: [ε, ", "eps: [ε, η, ", "'η'", under="  - kind: formula"),
    Plant(
        "accepted-and-rejected",
        "09.yaml",
        "    reject:\n",
        "    reject:\n    - [v = mu*v - lr*g, x = x + v]\n",
        "to be rejected",
        under="  - kind: formula",
    ),
]


@pytest.fixture
def rubrics(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RUBRICS, tmp_path / "rubrics"))


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_fault_is_named_with_file_and_line(rubrics: Path, plant: Plant) -> None:
    path = rubrics / plant.file
    before = path.read_text(encoding="utf-8")
    assert plant.old in before
    after = before.replace(plant.old, plant.new, 1)
    path.write_text(after, encoding="utf-8")
    pairs = zip(before.split("\n"), after.split("\n"), strict=False)
    line = next(number for number, (old, new) in enumerate(pairs, 1) if old != new) + plant.below
    while plant.under and not after.split("\n")[line - 1].startswith(plant.under):
        line -= 1
    done = CliRunner().invoke(app, ["check", "--folder", str(rubrics)])
    assert done.exit_code == 1
    named = [one for one in done.stderr.splitlines() if one.startswith(f"{path}:{line}: ")]
    assert any(plant.says in one for one in named), done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "says"),
    [
        ("16.yaml", "    source: [293]\n", "", 293, "16: this answer line is the source of no point"),
        ("07.yaml", "    kind: missing\n", "    kind: wrong\n", 158, "question 7 has no answer in the document"),
        ("16.yaml", '- id: "16"', '- id: "15"', 290, "question 16 has no rubric"),
    ],
)
def test_what_a_rubric_leaves_out_is_named_by_the_documents_line(
    rubrics: Path, file: str, old: str, new: str, line: int, says: str
) -> None:
    text = (rubrics / file).read_text(encoding="utf-8")
    assert old in text
    (rubrics / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "--folder", str(rubrics)])
    named = [one for one in done.stderr.splitlines() if one.startswith(f"{DEFAULT_DOCUMENT}:{line}: ")]
    assert done.exit_code == 1
    assert any(says in one for one in named), done.stderr


def test_a_point_resting_on_a_wrong_line_is_named_at_its_source(rubrics: Path) -> None:
    path = rubrics / "09.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index("    source: [194")
    path.write_text(text[:start] + "    source: [195, 194" + text[start + len("    source: [194") :], encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "--folder", str(rubrics)])
    line = text.count("\n", 0, start) + 1
    assert done.exit_code == 1
    assert f"{path}:{line}: " in done.stderr
    assert "rests on line 195, which is an erratum" in done.stderr


def test_a_missing_file_an_unreadable_one_and_two_faults_are_all_told(rubrics: Path) -> None:
    (rubrics / "16.yaml").unlink()
    (rubrics / "15.yaml").write_bytes(b"topic: {ko: \xff\xfe}\n")
    done = CliRunner().invoke(app, ["check", "--folder", str(rubrics)])
    assert done.exit_code == 1
    assert f"{DEFAULT_DOCUMENT}:290: question 16 has no rubric" in done.stderr
    assert f"{rubrics / '15.yaml'}: can't be read" in done.stderr


def test_a_folder_without_rubrics_is_a_mistake_of_the_call(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--folder", str(tmp_path)])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
