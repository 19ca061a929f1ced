"""Files from strangers: each is refused with one clear line, at once, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.benchmarks.import_scaling import document
from knowledge.__main__ import app
from knowledge.anki import MAX_ARCHIVE, plain_text
from knowledge.importing import read
from knowledge.index import Index
from knowledge.library import Library

ROOT = Path(__file__).parent.parent
GOOD = "1. 왜 쓰나?\nA.\n    1. 빠르기 때문이다.\n"


def anki_database(path: Path, *notes: str) -> bytes:
    """A collection as older Anki versions write it, with these notes (fields joined by U+001F)."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, mid INTEGER, flds TEXT)")
        connection.executemany("INSERT INTO notes (mid, flds) VALUES (1, ?)", [(note,) for note in notes])
    connection.close()
    return path.read_bytes()


def deck(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


# --- What writes a hostile file, by what it is ------------------------------------------------------------------------


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def bomb(path: Path) -> None:
    deck(path, {"collection.anki2": bytes(100 << 20)})


def lying_bomb(path: Path) -> None:
    """The directory says that the member is small."""
    deck(path, {"collection.anki2": bytes(64 << 20)})
    raw = path.read_bytes()
    at = raw.rindex(b"PK\x01\x02")
    path.write_bytes(raw[: at + 24] + (4096).to_bytes(4, "little") + raw[at + 28 :])


def many_members(path: Path) -> None:
    """The directory says that it is longer than any real one."""
    deck(path, {"collection.anki2": b"x"})
    raw = path.read_bytes()
    end = raw.rindex(b"PK\x05\x06")
    path.write_bytes(raw[: end + 12] + (1 << 30).to_bytes(4, "little") + raw[end + 16 :])


def broken_database(path: Path) -> None:
    raw = anki_database(path.with_suffix(".db"), *(f"질문 {n}\x1f답 {n}" for n in range(500)))
    deck(path, {"collection.anki2": raw[:100] + b"\xff" * 3000 + raw[3100:]})


def view_for_notes(path: Path) -> None:
    """A view in place of the table, that would count without end."""
    database = path.with_suffix(".db")
    with sqlite3.connect(database) as connection:
        endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
        connection.execute(f"CREATE VIEW notes AS {endless} SELECT id, 1 AS mid, 'a' AS flds FROM n")
    connection.close()
    deck(path, {"collection.anki2": database.read_bytes()})


def nested(path: Path) -> None:
    path.write_text('{"question": ' + "[" * 100_000 + "]" * 100_000 + "}\n", encoding="utf-8")


def written(content: str | bytes) -> Callable[[Path], object]:
    raw = content if isinstance(content, bytes) else content.encode()
    return lambda path: path.write_bytes(raw)


HOSTILE: list[tuple[str, Callable[[Path], object], str]] = [
    ("sparse.txt", sparse, "over 20 MB"),
    ("sparse.csv", sparse, "over 20 MB"),
    ("sparse.jsonl", sparse, "over 20 MB"),
    ("sparse.apkg", sparse, f"over {MAX_ARCHIVE >> 20} MB"),
    ("bomb.apkg", bomb, "would unpack to 100 MB"),
    ("lying.apkg", lying_bomb, "the archive is damaged"),
    ("members.apkg", many_members, "too many members"),
    ("path.apkg", lambda path: deck(path, {"../../collection.anki2": b"x"}), "holds no collection"),
    ("root.apkg", lambda path: deck(path, {"/etc/collection.anki2": b"x"}), "holds no collection"),
    ("broken.apkg", broken_database, "database inside is damaged"),
    ("text.apkg", lambda path: deck(path, {"collection.anki2": b"no database at all"}), "database inside is damaged"),
    ("view.apkg", view_for_notes, "database inside is damaged"),
    ("packed.apkg", lambda path: deck(path, {"collection.anki2": b"x"}, zipfile.ZIP_LZMA), "packed in an unusual way"),
    ("half.apkg", written(b"PK\x03\x04 half a deck"), "damaged one"),
    ("empty.apkg", written(b""), "damaged one"),
    ("empty.txt", written(b""), "no question"),
    ("empty.csv", written(b""), "name the columns"),
    ("empty.jsonl", written(b""), "no question"),
    ("zero.txt", written(f"{GOOD}\0"), ":4: the file is binary"),
    ("escape.txt", written(f"{GOOD}    \x1b[2J"), ":4: there is a control character (U+001B)"),
    (
        "latin.txt",
        written("1. Qu'est-ce que l'apprentissage supervis\xe9 ?".encode("latin-1")),
        ":1: the text is not UTF-8",
    ),
    ("cut.txt", written("\ufeff1. 왜?".encode("utf-16-le")[:-1]), ":1: the text is not UTF-8"),
    ("pdf.txt", written(b"%PDF-1.7\n"), "the file is a PDF"),
    ("page.md", written("<!DOCTYPE html><p>1. Why?</p>"), ":1: the file is a web page"),
    ("prose.txt", written("그냥 글입니다."), ":1: text stands before the first question"),
    ("wide.txt", written(f"1. 왜?\nA.\n{'가' * 200_001}"), ":3: the line is over 200,000 characters"),
    ("columns.csv", written("이름,값\n1,2\n"), ":1: the first line does not name the columns"),
    ("twice.csv", written("question,질문,answer\n"), ":1: two columns are a question"),
    ("quote.csv", written('question,answer\n"why,because\n'), ":2: not CSV"),
    ("field.csv", written(f"question,answer\nwhy,{'x' * 140_000}\n"), ":2: not CSV"),
    ("long.csv", written(f"question,answer\n{'x' * 5_001},because\n"), ":2: the question is over 5,000"),
    ("parent.csv", written("question,answer,parent\nwhy,because,nobody\n"), ":2: there is no main question 'nobody'"),
    ("line.jsonl", written('{"question": "why", "answer": "so"}\n{"question": \n'), ":2: not JSON"),
    ("list.jsonl", written("[1, 2]\n"), ":1: there is no question"),
    ("object.jsonl", written('{"question": {"a": 1}, "answer": "b"}\n'), ":1: 'question' is no text"),
    ("nested.jsonl", nested, ":1: not JSON"),
    ("folder.txt", Path.mkdir, "is no file"),
    ("pipe.txt", os.mkfifo, "is no file"),
    ("pipe.apkg", os.mkfifo, "is no file"),
    ("device.txt", lambda path: path.symlink_to("/dev/zero"), "is no file"),
    ("nowhere.txt", lambda path: path.symlink_to(path.parent / "gone"), "there is no such file"),
    ("circle.txt", lambda path: path.symlink_to(path), "there is no such file"),
    ("missing.txt", lambda path: None, "there is no such file"),
    ("program.exe", written(b"MZ"), "can't be imported"),
    ("bare", written(GOOD), "no ending can't be imported"),
]


@pytest.mark.parametrize(("name", "make", "says"), HOSTILE, ids=[name for name, *_ in HOSTILE])
def test_a_hostile_file_is_one_line_and_leaves_nothing(
    tmp_path: Path, home: Path, name: str, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / name
    make(path)
    done = CliRunner().invoke(app, ["import", str(path)])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert done.stdout == ""
    assert not home.exists()


def test_the_ragged_rows_of_a_table_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("question,answer\nwhy\n\nhow,so,more,and more\n", encoding="utf-8")
    found = read(path)
    assert [(q.text, [a.text for a in q.answers]) for q in found.bank] == [("why", []), ("how", ["so"])]
    assert [str(one.line) + one.what for one in found.remarks] == ["2the question has no answer to grade replies by"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_text_is_read_in_the_encodings_that_people_save(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(GOOD.encode(encoding))
    assert read(path).bank["1"].text == "왜 쓰나?"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("<b>ReLU</b>는 <i>왜</i>?", "ReLU는 왜?"),
        ("a<br>b<div>c</div>", "a\nb\nc"),
        ("a<script>alert(1)</script>b<style>p {}</style>c", "abc"),
        ("<SCRIPT src=x>alert(1)</SCRIPT >z", "z"),
        ("x &lt; 3 &amp;&amp; y &gt; 2&nbsp;!", "x < 3 && y > 2 !"),
        ("a < b", "a < b"),
        ("<img src=x onerror=alert(1)>그림", "그림"),
        ("[sound:a.mp3]들리나", "들리나"),
        ("<ul><li>하나</li><li>둘</li></ul>", "- 하나\n- 둘"),
        ("<!-- hidden -->shown", "shown"),
    ],
)
def test_of_a_field_only_the_text_is_kept(field: str, text: str) -> None:
    assert plain_text(field) == text


def test_a_deck_is_read_whatever_its_other_members_are_called(tmp_path: Path, home: Path) -> None:
    """A member whose name leads out of the folder is never written anywhere."""
    path = tmp_path / "cards.apkg"
    raw = anki_database(tmp_path / "c.db", "<b>왜</b> 쓰나?\x1f<script>x</script>빠르다", "{{c1::경사}} 하강법\x1f")
    deck(path, {"../../../escaped.txt": b"out", "/tmp/escaped.txt": b"out", "collection.anki2": raw})
    before = set(tmp_path.rglob("*"))
    found = read(path)
    assert set(tmp_path.rglob("*")) == before
    assert [(q.text, [a.text for a in q.answers]) for q in found.bank] == [
        ("왜 쓰나?", ["빠르다"]),
        ("[…] 하강법", ["경사 하강법"]),
    ]


@pytest.mark.parametrize("name", ["..", "/", "...", "", "CON", "deep_learning.ko.txt", "Deep_Learning.ko.TXT"])
def test_a_name_that_cannot_be_a_folders_is_refused(tmp_path: Path, home: Path, name: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(GOOD, encoding="utf-8")
    done = CliRunner().invoke(app, ["import", str(path), "--name", name])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "--name" in done.stderr
    assert not home.exists()


@pytest.mark.parametrize("name", ["../x", "../../etc/passwd", "/etc/passwd", "a/b\\c", ".hidden", "x" * 300])
def test_a_name_never_leads_out_of_the_documents(tmp_path: Path, home: Path, name: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(GOOD, encoding="utf-8")
    done = CliRunner().invoke(app, ["import", str(path), "--name", name])
    assert done.exit_code == 0, done.stderr
    (folder,) = (home / "documents").iterdir()
    assert folder.parent == home / "documents"
    assert not folder.name.startswith(".")
    assert sorted(one.name for one in folder.iterdir()) == ["document.txt", "meta.json"]
    assert Library(home).names[1:] == [folder.name]


def test_another_document_of_a_name_is_never_overwritten_by_chance(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(GOOD, encoding="utf-8")
    run = CliRunner().invoke
    assert run(app, ["import", str(path)]).exit_code == 0
    kept = home / "documents" / "notes"
    before = (kept / "document.txt").read_bytes()
    (kept / "rubrics").mkdir()
    path.write_text(GOOD.replace("빠르기", "가볍기"), encoding="utf-8")
    refused = run(app, ["import", str(path)])
    assert (refused.exit_code, refused.stderr.count("error: ")) == (2, 1)
    assert "--force" in refused.stderr
    assert (kept / "document.txt").read_bytes() == before
    forced = run(app, ["import", str(path), "--force"])
    assert forced.exit_code == 0, forced.stderr
    assert (kept / "document.txt").read_text(encoding="utf-8").count("가볍기") == 1
    assert not (kept / "rubrics").exists()
    assert len(list(kept.glob("before-*/rubrics"))) == 1


def test_a_data_folder_that_cannot_be_written_is_one_line(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(GOOD, encoding="utf-8")
    home.write_text("a file where the folder should be", encoding="utf-8")
    done = CliRunner().invoke(app, ["import", str(path)])
    assert done.exit_code in (1, 2)
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


def test_what_is_kept_says_where_it_came_from(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text("질문,답변\n왜?,그래서\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["import", str(path)]).exit_code == 0
    meta = json.loads((home / "documents" / "cards" / "meta.json").read_text(encoding="utf-8"))
    assert (meta["source"], meta["main_questions"], meta["follow_ups"], meta["answers"]) == ("cards.csv", 1, 0, 1)


# --- Large documents, broken off --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_import_that_is_broken_off_goes_on_where_it_was(
    tmp_path: Path, home: Path, sign: signal.Signals, code: int
) -> None:
    """Stopped after its first report of progress, it embeds the rest, and only that, when it is run once more."""
    path = tmp_path / "large.txt"
    path.write_text("\n".join(document(600)), encoding="utf-8")
    command = [sys.executable, "-m", "knowledge", "import", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert next(line for line in process.stderr if line.startswith("passages:")) == "passages: 500 of 1,200\n"
    process.send_signal(sign)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert out == ""
    if sign == signal.SIGINT:
        assert errors.splitlines()[-1] == "stopped; the same import again goes on where this one was"
    assert Library(home).names[1:] == ["large"]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 0, again.stderr
    said = re.search(r"large: (\d+) added, 0 deleted, (\d+) kept", again.stdout)
    assert said is not None
    added, kept = map(int, said.groups())
    assert added + kept == 1_200
    assert 500 <= kept < 1_200
    with closing(Index.open(home, document="large")) as index:
        assert len(index) == 1_200


def test_an_imported_document_can_be_chosen_everywhere(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(GOOD, encoding="utf-8")
    run = CliRunner().invoke
    assert run(app, ["import", str(path), "--name", "내 노트"]).exit_code == 0

    found = run(app, ["search", "빠르다", "--document", "내 노트", "--json"])
    assert {row["question_id"] for row in json.loads(found.stdout)} == {"1"}
    checked = run(app, ["check", "--document", "내 노트"])
    assert checked.stdout == "1 questions, no rubrics: graded by the document's own answers\n"
    assert json.loads(run(app, ["errata", "--document", "내 노트", "--json"]).stdout) == []
    assert run(app, ["build", "--document", "내 노트"]).stdout == "내 노트: 0 added, 0 deleted, 2 kept\n"

    replies, graded = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    replies.write_text('{"id": "a", "question_id": "1", "reply": "빠르기 때문입니다."}\n', encoding="utf-8")
    grade = [sys.executable, "-m", "interviewer", "grade", "--document", "내 노트"]
    files = ["--input", str(replies), "--output", str(graded)]
    done = subprocess.run([*grade, *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(graded.read_text(encoding="utf-8"))["score"] > 0.5
    assert Library(home).names == ["deep_learning.ko.txt", "내 노트"]  # the page's choices


def test_a_document_that_is_not_there_is_named_with_those_that_are(home: Path) -> None:
    for command in (["search", "x"], ["check"], ["build"], ["errata"]):
        done = CliRunner().invoke(app, [*command, "--document", "../../etc"])
        assert done.exit_code == 2
        assert done.stderr == "error: there is no document '../../etc'; there are deep_learning.ko.txt\n"
