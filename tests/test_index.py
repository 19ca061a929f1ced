"""The index: what is embedded and when, what a search returns, and what a user reads when the store is in trouble."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from knowledge import index as module
from knowledge import tokens as token_module
from knowledge.document import DEFAULT_DOCUMENT, QuestionBank, load, parse
from knowledge.embeddings import KiwiEmbeddings
from knowledge.errors import UserMistake
from knowledge.index import MAX_TOKENS, Index, Passage, Refreshed, chunks, split
from knowledge.tokens import count_tokens, estimate_tokens

NOTES = """1. ReLU의 문제점은?
A.
    1. x < 0 에서 gradient 가 0 이다.
    2. zero-centered 가 아니다.

+ What does dropout do?
A.
    1. It switches units off at random.

2. 협업 필터링이란?
"""


def bank_of(text: str, name: str = "notes.txt") -> QuestionBank:
    return parse(text, name=name)


class Recorded(Embeddings):
    """Offline embeddings that remember what they were asked to embed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts += texts
        return KiwiEmbeddings().embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return KiwiEmbeddings().embed_query(text)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(tmp_path, document="notes.txt")
    yield opened
    opened.close()


def test_a_chunk_is_a_question_or_an_answer_line() -> None:
    assert [(c.question_id, c.kind, c.text, c.lines) for c in chunks(bank_of(NOTES))] == [
        ("1", "question", "ReLU의 문제점은?", (1, 1)),
        ("1", "answer", "x < 0 에서 gradient 가 0 이다.", (3, 3)),
        ("1", "answer", "zero-centered 가 아니다.", (4, 4)),
        ("1.1", "question", "What does dropout do?", (6, 6)),
        ("1.1", "answer", "It switches units off at random.", (8, 8)),
        ("2", "question", "협업 필터링이란?", (10, 10)),
    ]
    assert chunks(bank_of(NOTES))[1].context == "ReLU의 문제점은?\nx < 0 에서 gradient 가 0 이다."


def test_the_whole_document_is_indexed_once(tmp_path: Path) -> None:
    bank = load(DEFAULT_DOCUMENT)
    parts = chunks(bank)
    assert len({chunk.id for chunk in parts}) == len(parts) == len(bank) + sum(len(q.answers) for q in bank)
    index = Index.open(tmp_path)
    assert index.refresh(bank) == Refreshed(added=len(parts), deleted=0, kept=0)
    assert index.refresh(bank) == Refreshed(added=0, deleted=0, kept=len(parts))
    assert len(index) == len(parts)

    vectors = np.array(KiwiEmbeddings().embed_documents([chunk.context for chunk in parts]))
    for query in ("learning rate가 크면 발산해요", "Why use a GPU?", "사용자 취향으로 추천"):
        distances = 1 - vectors @ np.array(KiwiEmbeddings().embed_query(query))
        nearest = np.sort(distances)[:5]
        assert [p.distance for p in index.search(query, 5)] == pytest.approx(nearest.tolist(), abs=1e-4)
    index.close()


def test_equal_lines_of_a_question_are_chunks_of_their_own() -> None:
    parts = chunks(bank_of("1. Why?\nA.\n    1. Because.\n    2. Because.\n"))
    assert len({chunk.id for chunk in parts}) == 3


def test_a_rebuild_embeds_only_what_changed(tmp_path: Path) -> None:
    embeddings = Recorded()
    index = Index.open(tmp_path, embeddings=embeddings, document="notes.txt")
    index.refresh(bank_of(NOTES))
    assert len(embeddings.texts) == 6

    embeddings.texts.clear()
    changed = "\n\n" + NOTES.replace("zero-centered 가 아니다.", "출력의 중심이 0이 아니다.")
    assert index.refresh(bank_of(changed)) == Refreshed(added=1, deleted=1, kept=5)
    assert embeddings.texts == ["ReLU의 문제점은?\n출력의 중심이 0이 아니다."]
    assert {(p.text, p.lines) for p in index.search("문제점", 10, question_id="1")} == {
        ("ReLU의 문제점은?", (3, 3)),
        ("x < 0 에서 gradient 가 0 이다.", (5, 5)),
        ("출력의 중심이 0이 아니다.", (6, 6)),
    }
    index.close()


def test_an_index_outlives_its_process(tmp_path: Path) -> None:
    first = Index.open(tmp_path, document="notes.txt")
    first.refresh(bank_of(NOTES))
    found = first.search("드롭아웃의 효과", 3)
    first.close()
    again = Index.open(tmp_path, document="notes.txt")
    assert again.refresh(bank_of(NOTES)).added == 0
    assert again.search("드롭아웃의 효과", 3) == found
    again.close()


def test_a_search_returns_the_nearest_passages_first(index: Index) -> None:
    index.refresh(bank_of(NOTES))
    found = index.search("음수 입력에서 기울기가 영이 된다", 2)
    assert found[0][:4] == ("1", "answer", "x < 0 에서 gradient 가 0 이다.", (3, 3))
    assert isinstance(found[0], Passage)
    assert 0 <= found[0].distance <= found[1].distance <= 1.5
    assert len(index.search("dropout", 100)) == 6


def test_a_search_stays_within_a_question(index: Index) -> None:
    index.refresh(bank_of(NOTES))
    assert {p.question_id for p in index.search("collaborative filtering", 10, question_id="1.1")} == {"1.1"}
    assert index.search("dropout", question_id="no such question") == []


@pytest.mark.parametrize(("query", "k"), [("", 5), (" \n", 5), ("dropout", 0)])
def test_nothing_asked_finds_nothing(index: Index, query: str, k: int) -> None:
    index.refresh(bank_of(NOTES))
    assert index.search(query, k) == []


def test_an_empty_index_finds_nothing(index: Index) -> None:
    assert len(index) == 0
    assert index.search("dropout") == []


def test_any_query_is_data(index: Index) -> None:
    index.refresh(bank_of(NOTES))
    for query in ("{'$ne': ''}", "\x00", "\ud800", "<|endoftext|>", "가" * 9000, "'; DROP TABLE collections; --"):
        assert len(index.search(query, 2)) == 2
    assert len(index) == 6


def test_two_builds_give_one_order(tmp_path: Path) -> None:
    bank = load(DEFAULT_DOCUMENT)
    results = []
    for name in ("one", "other"):
        index = Index.open(tmp_path / name)
        index.refresh(bank)
        results.append([index.search(q.text, 10) for q in bank])
        index.close()
    assert results[0] == results[1]


def test_other_embeddings_or_documents_never_mix(tmp_path: Path) -> None:
    offline = Index.open(tmp_path, document="notes.txt")
    offline.refresh(bank_of(NOTES))
    for size in (8, 16):
        other = Index.open(tmp_path, embeddings=DeterministicFakeEmbedding(size=size), document="notes.txt")
        assert len(other) == 0
        assert other.refresh(bank_of(NOTES)).added == 6
        assert len(other.search("dropout", 3)) == 3
    elsewhere = Index.open(tmp_path, document="다른 노트.txt")
    assert elsewhere.refresh(bank_of("1. Why?\n", "다른 노트.txt")).added == 1
    assert len(offline) == offline.refresh(bank_of(NOTES)).kept == 6
    with pytest.raises(ValueError, match="can't hold"):
        offline.refresh(bank_of(NOTES, "another.txt"))


def test_threads_share_an_index(index: Index) -> None:
    index.refresh(bank_of(NOTES))
    expected, found = index.search("gradient", 3), []
    threads = [threading.Thread(target=lambda: found.append(index.search("gradient", 3))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_chroma_sends_and_downloads_nothing(index: Index) -> None:
    assert index._client.get_settings().anonymized_telemetry is False
    assert index._collection._embedding_function is None


def test_importing_loads_no_chroma() -> None:
    code = "import sys, knowledge.index; print({'chromadb', 'kiwipiepy', 'tiktoken'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def one_line(caught: pytest.ExceptionInfo[UserMistake]) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)
    with pytest.raises(UserMistake) as caught:
        Index.open(tmp_path)
    assert "is damaged; delete the folder" in one_line(caught)
    assert str(tmp_path / "chroma") in one_line(caught)


def test_a_database_that_breaks_while_open_says_what_to_do(index: Index) -> None:
    index.refresh(bank_of(NOTES))
    index._client.delete_collection(index._collection.name)
    with pytest.raises(UserMistake, match=r"search index .*chroma: "):
        index.search("dropout")


@pytest.mark.parametrize("home", ["file/home", "/proc/no-such-home"])
def test_a_folder_that_cannot_be_written_says_so(home: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserMistake) as caught:
        Index.open(tmp_path / home)
    assert "can't be written; check the path and its permissions" in one_line(caught)


def test_a_locked_database_is_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Index.open(tmp_path).close()
    monkeypatch.setattr(module, "_checked", set())
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    holder = [sys.executable, "-c", code, str(tmp_path / "chroma" / "chroma.sqlite3")]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UserMistake) as caught:
            Index.open(tmp_path)
        process.communicate()
    assert "another program holds it" in one_line(caught)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9", "no Chroma server answers at http://127.0.0.1:9"),
        ("localhost:8000", "is no Chroma server's address; write it as http://host:8000"),
        ("", None),
    ],
)
def test_a_server_that_is_not_there_says_so(url: str, message: str | None, tmp_path: Path) -> None:
    if message is None:
        Index.open(tmp_path, url).close()
        assert (tmp_path / "chroma").is_dir()
        return
    with pytest.raises(UserMistake) as caught:
        Index.open(tmp_path, url)
    assert message in one_line(caught)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real Chroma server on a free port of the loopback."""
    program = shutil.which("chroma", path=str(Path(sys.executable).parent)) or shutil.which("chroma")
    if program is None:
        pytest.skip("the chroma program is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [program, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(tmp_path / "server")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        pytest.skip("the chroma server did not start here")
                    time.sleep(0.05)
            yield url
        finally:
            process.terminate()


def test_a_server_serves_several_replicas(server: str, tmp_path: Path) -> None:
    embedded = Index.open(tmp_path / "home", document="notes.txt")
    embedded.refresh(bank_of(NOTES))
    one = Index.open(tmp_path, server, document="notes.txt")
    other = Index.open(tmp_path, f"{server}/", document="notes.txt")
    assert one.refresh(bank_of(NOTES)).added == 6
    assert other.refresh(bank_of(NOTES)) == Refreshed(added=0, deleted=0, kept=6)
    found = other.search("음수 입력의 기울기", 3)
    assert [p[:4] for p in found] == [p[:4] for p in embedded.search("음수 입력의 기울기", 3)]
    assert [p.distance for p in found] == pytest.approx([p.distance for p in embedded.search("음수 입력의 기울기", 3)])
    assert not (tmp_path / "chroma").exists()
    for index in (one, other, embedded):
        index.close()


@pytest.mark.parametrize(
    "text",
    ["한 문장이다. " * 200, "word " * 900, "가" * 3000, "a" * 3000, "첫 줄\n" * 500, "😀" * 700 + ". 끝."],
)
def test_a_long_line_is_split_into_parts_that_fit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_tokens", estimate_tokens)
    parts = split(text)
    assert len(parts) > 1
    assert all(estimate_tokens(part) <= MAX_TOKENS for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=st.sampled_from("가나 .!?\nab,1😀"), max_size=120), st.integers(4, 40))
def test_no_letter_is_lost_in_splitting(text: str, limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "count_tokens", estimate_tokens)
        parts = split(text, limit)
    assert all(estimate_tokens(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_short_lines_need_no_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_tokens", lambda text: pytest.fail("counted"))
    assert all(chunk.text for chunk in chunks(load(DEFAULT_DOCUMENT)))


@pytest.mark.parametrize("network", ["refused", "silent"])
def test_without_network_tokens_are_estimated_and_it_is_said_once(
    network: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer, calls = threading.Event(), []

    def get_encoding(name: str) -> None:
        calls.append(name)
        if network == "silent":
            answer.wait(30)
        raise OSError("no network")

    monkeypatch.setattr("tiktoken.get_encoding", get_encoding)
    monkeypatch.setattr(token_module, "_encodings", {})
    monkeypatch.setattr(token_module, "PATIENCE", 0.05)
    with caplog.at_level(logging.WARNING):
        assert count_tokens("기울기가 소실된다") == 25
        assert count_tokens("기울기가 소실된다", "openai:gpt-5-mini") == 25
        assert count_tokens("a reply", "some-model-of-tomorrow") == estimate_tokens("a reply")
    answer.set()
    assert calls == ["o200k_base"]
    assert [record.getMessage() for record in caplog.records] == [
        "tiktoken's o200k_base can't be downloaded: token counts are estimates on the high side"
    ]


def test_with_a_vocabulary_tokens_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    import tiktoken

    by_bytes = {bytes([value]): value for value in range(256)} | {"기울기".encode(): 256}
    encoding = tiktoken.Encoding("tiny", pat_str=r"\S+|\s+", mergeable_ranks=by_bytes, special_tokens={})
    monkeypatch.setattr("tiktoken.get_encoding", lambda name: encoding)
    monkeypatch.setattr(token_module, "_encodings", {})
    assert count_tokens("기울기") == 1
    assert count_tokens("<|endoftext|>") == 13


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("loss", 2), ("a learning rate", 6), ("뷁", 3), ("기울기 x", 10), ("1.5", 3)]
)
def test_the_estimate_is_a_byte_a_token_and_three_letters_a_token_of_english(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens
