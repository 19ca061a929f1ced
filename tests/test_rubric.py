"""Rubric files and documents that can't be read say where and why, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.errors import DocumentError, RubricError, UserMistake
from knowledge.library import Library
from knowledge.rubric import RUBRICS, atoms, load_rubrics, load_topic


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"topic: [\n", 2, "not YAML"),
        (b"topic: {ko: a, en: b}\nquestions: []\n", 2, "questions: "),
        (b"topic: {ko: a, en: b}\nextra: 1\n", 1, "questions: "),
        (b"topic: {ko: a}\n", 1, "topic.en: "),
        (b"- a list\n", 1, "the file: "),
        (b"", None, "the file: "),
        (b"topic: \xff\n", None, "can't be read (UnicodeDecodeError)"),
    ],
)
def test_a_rubric_file_that_is_none_names_its_line(tmp_path: Path, content: bytes, line: int | None, says: str) -> None:
    path = tmp_path / "01.yaml"
    path.write_bytes(content)
    with pytest.raises(RubricError) as caught:
        load_topic(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert says in caught.value.what
    assert "\n" not in str(caught.value)


def test_two_rubrics_of_one_question_are_refused(tmp_path: Path) -> None:
    for name in ("15.yaml", "16.yaml"):
        (tmp_path / name).write_bytes((RUBRICS / "16.yaml").read_bytes())
    with pytest.raises(RubricError, match="question 16 has two rubrics") as caught:
        load_rubrics(tmp_path)
    assert caught.value.path == str(tmp_path / "16.yaml")


def test_the_concepts_of_a_pattern() -> None:
    assert atoms("sigmoid exp~!cheap !slow") == ["sigmoid", "exp", "cheap", "slow"]
    for pattern in ("Sigmoid", "a+b", "a~", "~a", "a !", "!!a"):
        with pytest.raises(ValueError, match="is not a concept name"):
            atoms(pattern)


def test_a_library_without_a_data_folder_has_the_built_in_document() -> None:
    library = Library()
    assert library.names == ["deep_learning.ko.txt"]
    assert library.open() is library.open("deep_learning.ko.txt")
    with pytest.raises(UserMistake, match="there is no document 'mine'; there are deep_learning.ko.txt"):
        library.open("mine")


def test_a_kept_document_that_was_damaged_names_its_file_and_line(home: Path) -> None:
    folder = home / "documents" / "mine"
    folder.mkdir(parents=True)
    (folder / "document.txt").write_text("1. 왜?\nA.\n\0", encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        Library(home).open("mine")
    assert (caught.value.path, caught.value.line) == (str(folder / "document.txt"), 3)


def test_a_damaged_rubric_of_a_kept_document_names_its_file_and_line(home: Path) -> None:
    folder = home / "documents" / "mine"
    (folder / "rubrics").mkdir(parents=True)
    (folder / "document.txt").write_text("1. 왜?\nA.\n    1. 그래서.\n\n2. 또?\nA.\n    1. 네.\n", encoding="utf-8")
    (folder / "rubrics" / "01.yaml").write_text("topic: {ko: a, en: b}\nquestions: 1\n", encoding="utf-8")
    book = Library(home).open("mine")
    assert not book.key("2").reviewed
    with pytest.raises(RubricError) as caught:
        book.key("1")
    assert (caught.value.path, caught.value.line) == (str(folder / "rubrics" / "01.yaml"), 2)
