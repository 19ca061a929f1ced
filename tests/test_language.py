"""Morphemes and terms: what counts as the same word, and what must not."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import language
from knowledge.errors import UserMistake
from knowledge.language import Token, kiwi, lexicon, nfc, stem, term_of, tokens, tokens_many


def terms(text: str) -> list[str]:
    return [token.term for token in tokens(text) if token.term]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("배치 정규화", ["batch-normalization"]),
        ("배치정규화를", ["batch-normalization"]),
        ("Batch-Normalization이", ["batch-normalization"]),
        ("batch_norm", ["batch-normalization"]),
        ("BN을 쓰면", ["batch-normalization"]),
        ("vanishing gradients", ["vanishing-gradient"]),
        ("그래디언트 배니싱", ["vanishing-gradient"]),
        ("기울기 소실이", ["vanishing-gradient"]),
        ("러닝 레이트가", ["learning-rate"]),
        ("step size 가", ["learning-rate"]),
        ("그레디언트와 그라디언트와 기울기", ["gradient"] * 3),
        ("over-fitting, 과적합, 오버피팅됨", ["overfitting"] * 3),
        ("Word2Vec", ["word2vec"]),
        ("L2 정규화", ["l2-regularization"]),
        ("dimension of curse", ["curse-of-dimensionality"]),
        ("optimisers and generalisation", ["optimizer", "generalization"]),
        ("학습 데이터로 학습", ["training-set", "training"]),
        ("stochastic gradient descent", ["stochastic-gradient-descent"]),
    ],
)
def test_a_term_is_found_in_every_spelling(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("regularization", "normalization"),
        ("규제", "노멀라이제이션"),
        ("validation set", "test set"),
        ("검증 데이터", "테스트 데이터"),
        ("training set", "test set"),
        ("local minimum", "global minimum"),
        ("gradient", "derivative"),
        ("loss", "cost"),
        ("generator", "discriminator"),
        ("encoder", "decoder"),
        ("kernel", "filter"),
        ("autoencoder", "variational autoencoder"),
        ("data parallel", "model parallel"),
        ("overfitting", "underfitting"),
        ("precision", "recall"),
        ("momentum", "관성"),
        ("MSE", "BCE"),
    ],
)
def test_what_an_examiner_tells_apart_stays_apart(one: str, other: str) -> None:
    first, second = term_of(one), term_of(other)
    assert first
    assert second
    assert first != second


def test_the_word_for_both_normalization_and_regularization_is_neither() -> None:
    assert terms("정규화") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("this means that", []),
        ("기울기\n소실", ["gradient", "vanish"]),
        ("- 기울기\n- 소실", ["gradient", "vanish"]),
        ("gradient, descent", ["gradient"]),
        ("l r", []),
    ],
)
def test_no_term_is_made_of_words_that_do_not_belong_together(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_every_form_of_the_lexicon_is_found_as_its_term() -> None:
    forms = [(term, form) for term, forms in lexicon().items() for form in forms]
    found = tokens_many(form for _, form in forms)
    lost = [form for (term, form), row in zip(forms, found, strict=True) if [t.term for t in row] != [term]]
    assert len(lexicon()) >= 200
    assert lost == []


def test_morphemes_keep_their_tags_and_places() -> None:
    text = "Learning-rate가 크면 발산해요"
    found = tokens(text)
    assert found[:4] == [
        Token("learning-rate", "NNG", 0, 13, "learning-rate"),
        Token("가", "JKS", 13, 14, ""),
        Token("크", "VA", 15, 16, ""),
        Token("면", "EC", 16, 17, ""),
    ]
    assert [text[token.start : token.end] for token in found if token.term] == ["Learning-rate", "발산"]


def test_offsets_are_into_the_composed_text() -> None:
    decomposed = "\u1100\u1175\u110b\u116e\u11af\u1100\u1175 소실"  # 기울기 as macOS writes it
    [token] = tokens(decomposed)
    assert (token.form, token.term) == ("기울기 소실", "vanishing-gradient")
    assert nfc(decomposed)[token.start : token.end] == "기울기 소실"


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("가기울기소실배치정규화학습률 -_\n\tabLRx0.25()😀\u0301\u1100\u1161\ud800"),
        max_size=60,
    )
)
def test_any_text_has_tokens_within_it(text: str) -> None:
    found, composed = tokens(text), nfc(text)
    assert all(0 <= token.start <= token.end <= len(composed) for token in found)
    assert [token.start for token in found] == sorted(token.start for token in found)
    assert tokens_many([text]) == [found]


def test_one_kiwi_serves_all_threads() -> None:
    texts = ["기울기 소실", "배치 정규화", "learning rate"] * 10
    with ThreadPoolExecutor(8) as pool:
        assert len({id(found) for found in pool.map(lambda _: kiwi(), range(8))}) == 1
        assert list(pool.map(tokens, texts)) == tokens_many(texts)


def test_importing_loads_no_kiwi() -> None:
    code = "import sys, knowledge.language as l; l.term_of('lr'); print('kiwipiepy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_stems_bring_english_forms_together() -> None:
    assert stem("saturates") == stem("Saturated") == stem("saturation") == "satur"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [x, y]\nb: [z, X]\n", "'X' stands under both 'a' and 'b'"),
        ("a: [", "can't be read (ParserError)"),
        ("- a\n", "no terms"),
    ],
)
def test_a_wrong_lexicon_says_so(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text(text)
    monkeypatch.setattr(language, "LEXICON", path)
    lexicon.cache_clear()
    language._terms.cache_clear()
    try:
        with pytest.raises(UserMistake, match=r"lexicon\.yaml") as caught:
            term_of("x")
        assert message in str(caught.value)
    finally:
        monkeypatch.undo()
        lexicon.cache_clear()
        language._terms.cache_clear()
