"""Offline embeddings: the same everywhere, close for the same meaning, and better than BM25 on held-out queries."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from eval.retrieval import (
    best_first,
    blended,
    compare,
    fused,
    load_queries,
    measure,
    ndcg,
    rank_of,
    recall,
    reciprocal_rank,
)
from knowledge import embeddings as module
from knowledge.document import DEFAULT_DOCUMENT, load
from knowledge.embeddings import DIMENSION, KiwiEmbeddings, embeddings, identity
from knowledge.errors import UserMistake


def cosine(one: str, other: str) -> float:
    first, second = KiwiEmbeddings().embed_documents([one, other])
    return sum(a * b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("text", "same", "different"),
    [
        ("기울기 소실", "vanishing gradients", "exploding gradients"),
        ("과적합을 막는다", "it prevents overfitting", "it prevents underfitting"),
        ("러닝 레이트가 크다", "the learning rate is large", "the batch size is large"),
        ("배치정규화", "배치 노멀라이제이션", "드롭아웃"),
        ("GPU 메모리", "그래픽 메모리", "GPU 사용률"),
        ("활성화함수를 고른다", "활성화 함수를 고르기", "손실함수를 고른다"),
    ],
)
def test_the_same_meaning_is_nearer_than_the_same_letters(text: str, same: str, different: str) -> None:
    assert cosine(text, same) > cosine(text, different)


def test_typos_and_unknown_words_still_resemble() -> None:
    assert cosine("하이퍼볼릭탄잰트", "하이퍼볼릭탄젠트") > 0.2 > cosine("하이퍼볼릭탄잰트", "협업 필터링")


def test_vectors_have_one_size_and_length() -> None:
    first, blank, long = KiwiEmbeddings().embed_documents(["경사 하강법이란?", " \n", "기울기 loss. " * 600])
    assert len(first) == len(blank) == len(long) == DIMENSION
    assert math.isclose(sum(x * x for x in first), 1)
    assert math.isclose(sum(x * x for x in long), 1)
    assert not any(blank)
    assert KiwiEmbeddings().embed_query("경사 하강법이란?") == first
    assert KiwiEmbeddings().embed_documents([]) == []


def test_another_process_gives_the_same_numbers() -> None:
    text = "BN을 쓰면 gradient 소실이 줄어요 😀"
    code = f"import json; from knowledge.embeddings import embeddings; print(json.dumps(embeddings().embed_query({text!r})))"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(run.stdout) == KiwiEmbeddings().embed_query(text)


def test_offline_is_the_default() -> None:
    assert isinstance(embeddings(), KiwiEmbeddings)
    assert isinstance(embeddings(" Offline "), KiwiEmbeddings)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cohere:embed-v4", "pip install langchain-cohere"),
        ("openai:text-embedding-3-small", "OPENAI_API_KEY"),
        ("nobody:model", "'nobody' is not supported"),
        ("text-embedding-3-small", "are not known; give 'offline' or a provider and model"),
        ("openai:", "are not known"),
    ],
)
def test_embeddings_that_cannot_be_had_say_why_in_one_line(
    spec: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserMistake) as caught:
        embeddings(spec)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_embeddings_come_by_langchain_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    made = embeddings("openai:text-embedding-3-small")
    assert identity(made) == "OpenAIEmbeddings-text-embedding-3-small"
    assert made.check_embedding_ctx_length is False  # type: ignore[attr-defined]


def test_an_identity_changes_with_whatever_changes_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity(DeterministicFakeEmbedding(size=8)) != identity(DeterministicFakeEmbedding(size=16))
    before = identity(KiwiEmbeddings())
    assert before.startswith("offline-1-")
    (tmp_path / "lexicon.yaml").write_text("gradient: [기울기]\n")
    monkeypatch.setattr(module, "LEXICON", tmp_path / "lexicon.yaml")
    assert identity(KiwiEmbeddings()) != before


def test_measures_of_a_ranking() -> None:
    found = ["2", "1.1", "1", "1"]
    assert rank_of(found, "1") == 3
    assert rank_of(found, "9") is None
    assert rank_of(["2"] * 10 + ["1"], "1") is None
    assert (recall(3, 1), recall(3, 5), recall(None, 5)) == (0, 1, 0)
    assert reciprocal_rank(3) == pytest.approx(1 / 3)
    assert ndcg(3) == pytest.approx(0.5)
    assert fused([[0, 1, 2], [2, 1, 0], [2, 0, 1]]) == [2, 0, 1]
    assert best_first(blended([0.5, 0.6, 0.1], [9.0, 0.0, 0.0])) == [0, 1, 2]
    scores = measure(lambda _: found, load_queries(split="test"))["all"]
    assert scores.n == len(load_queries(split="test"))


def test_the_queries_are_many_varied_and_nobody_s_copy() -> None:
    queries, bank = load_queries(), load(DEFAULT_DOCUMENT)
    document = "".join(DEFAULT_DOCUMENT.read_text(encoding="utf-8").split())
    assert len(queries) >= 150
    assert {query.question_id for query in queries} == {question.id for question in bank}
    assert all(sum(q.language == language for q in queries) >= 40 for language in ("ko", "en", "mixed"))
    assert len({query.id for query in queries}) == len({query.query for query in queries}) == len(queries)
    assert [query.id for query in queries if "".join(query.query.split()) in document] == []
    tune, test = ({query.question_id for query in queries if query.split == split} for split in ("tune", "test"))
    assert not tune & test


def test_the_index_finds_at_least_what_bm25_over_kiwi_finds(tmp_path: Path) -> None:
    systems = compare(load(DEFAULT_DOCUMENT), load_queries(split="test"), tmp_path)
    ours, bar = systems["offline"], systems["bm25-kiwi"]
    for group in ("all", "ko", "en", "mixed"):
        assert ours[group].recall_1 >= bar[group].recall_1
        assert ours[group].recall_5 >= bar[group].recall_5
    assert ours["all"].recall_1 >= 0.75
    assert ours["all"].recall_5 >= 0.9
