"""Clauses, negation and yardsticks, as the offline judge reads them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.reading import AFFIRMED, CONDITIONAL, NEGATED, read


def word(text: str, form: str) -> tuple[int, bool]:
    found = next(w for clause in read(text) for w in clause.words if w.form == form)
    return found.negated, found.yardstick


@pytest.mark.parametrize(
    ("text", "form", "negated"),
    [
        ("기울기가 소실된다", "소실", AFFIRMED),
        ("기울기가 소실되지 않는다", "소실", NEGATED),
        ("기울기가 소실되지 않습니다", "기울기", AFFIRMED),
        ("과적합을 막을 수 없다", "막", NEGATED),
        ("zero-centered가 아니라서 느리다", "zero-centered", NEGATED),
        ("zero-centered가 아니라서 느리다", "느리", AFFIRMED),
        ("exp 연산을 쓰지 않아서 빠르다", "exp", NEGATED),
        ("exp 연산을 쓰지 않아서 빠르다", "빠르", AFFIRMED),
        ("학습이 안 됩니다", "학습", NEGATED),
        ("못 쓴다", "쓰", NEGATED),
        ("비선형 함수를 쓰지 않으면 의미가 없다", "쓰", CONDITIONAL),
        ("활성화 함수 없이 쌓으면", "활성화 함수", CONDITIONAL),
        ("선형뿐만 아니라 비선형도", "선형", AFFIRMED),
        ("더 빠르지 않을까", "빠르", AFFIRMED),
        ("구조를 사람이 아니라 알고리즘이 찾는다", "사람", NEGATED),
        ("구조를 사람이 아니라 알고리즘이 찾는다", "구조", AFFIRMED),
        ("가중치 학습엔 미사용", "사용", NEGATED),
        ("미분 가능", "가능", AFFIRMED),
        ("제약이 없어야 한다", "제약", NEGATED),
        ("제약이 없어야 수렴한다", "제약", CONDITIONAL),
        ("기울기가 사라지잖아요", "사라지", AFFIRMED),
        ("양의 영역에서 포화 X", "포화", NEGATED),
        ("입력 X와 포화", "포화", AFFIRMED),
        ("It does not saturate.", "saturate", NEGATED),
        ("It doesn't saturate.", "saturate", NEGATED),
        ("ReLU has no vanishing gradient.", "vanishing gradient", NEGATED),
        ("It not only saturates", "saturates", AFFIRMED),
        ("without activation it is linear", "activation", CONDITIONAL),
        ("It is not slow, but fast", "fast", AFFIRMED),
    ],
)
def test_negation_reaches_what_it_governs(text: str, form: str, negated: int) -> None:
    assert word(text, form)[0] == negated


@pytest.mark.parametrize(
    ("text", "yardstick"),
    [
        ("relu는 sigmoid보다 빠르다", True),
        ("relu는 sigmoid에 비해 빠르다", True),
        ("sigmoid와 달리 relu는 빠르다", True),
        ("relu is faster than sigmoid", True),
        ("unlike sigmoid, relu is fast", True),
        ("sigmoid는 relu보다 느리다", False),
        ("relu vs sigmoid", False),
    ],
)
def test_what_is_compared_with_does_not_own_the_property(text: str, yardstick: bool) -> None:
    assert word(text, "sigmoid")[1] == yardstick


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("vanishing gradient, saturation, derivative, 연산량, sparsity", True),
        ("encoder, decoder, bottleneck, latent code", True),
        ("log D(x), log(1−D(G(z))), minimax, BCE", True),
        ("moving average, running mean, is_training", True),
        ("포화되고, 느리고, 비쌉니다", False),
        ("단점: cold start, sparsity, popularity bias", False),
        ("It saturates, it is slow, and it is expensive.", False),
        ("기울기 소실, 느림", False),
        ("기울기 소실 방지, 수렴 속도 향상, 초기값 의존", False),
        ("gamma, beta, y = ax + b", False),
        ("gamma/beta/초기값", True),
        ("dL/dw = dL/dy · dy/dh · dh/dw", False),
        ("W, b, lr = 0.1, Adam, ReLU", True),
    ],
)
def test_a_bare_list_of_terms_is_seen(text: str, listed: bool) -> None:
    assert all(clause.listed for clause in read(text)) == listed


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("안 나누고 쓰면은 확인할 길이 없다", ["안 나누고", "쓰면은", "확인할 길이 없다"]),
        ("데이터에 있어서는 다르다", ["데이터에 있어서는", "다르다"]),
        ("알아서 배치를 나눈다", ["알아서 배치를 나눈다"]),
        ("품질/깊이가 같고, 빠르다", ["품질/깊이가 같고", ", 빠르다"]),
        ("f(x, y)는 p(a|b)/exp(u·v)이다", ["f(x, y)는 p(a|b)/exp(u·v)이다"]),
        ("w := w - η·기울기", ["w := w - η·기울기"]),
        ("정확도·속도", ["정확도·", "속도"]),
        ("학습 | 빠르다", ["학습 |", "빠르다"]),
    ],
)
def test_where_a_clause_ends(text: str, clauses: list[str]) -> None:
    assert [clause.text for clause in read(text)] == clauses


@pytest.mark.parametrize(
    ("text", "supposed"),
    [
        ("전체를 다 쓰면 느리다", True),
        ("멀 것 같지만 가깝다", True),
        ("바꾸는 건 줄 알았는데요", True),
        ("비싸지만 정확하다", False),
        ("바꾸는 건 줄 알았는데요, 그게 아니었다", True),
        ("전체를 다 쓰면 된다", False),
    ],
)
def test_a_case_that_is_put_is_no_claim(text: str, supposed: bool) -> None:
    assert read(text)[0].supposed == supposed


def test_what_follows_a_counterfactual_is_not_so_either() -> None:
    assert [clause.supposed for clause in read("분류가 둘이었다면 노드는 하나고, sigmoid를 쓴다. 지금은 열 개다.")] == [
        *(True, True, True),
        False,
    ]


def test_a_heading_announces_what_follows() -> None:
    heading, *rest = read("장점:\n- 빠름")
    assert heading.heading
    assert not any(clause.heading for clause in rest)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_read_into_clauses_within_it(text: str) -> None:
    for clause in read(text):
        assert 0 <= clause.start <= clause.end
        for found in clause.words:
            assert clause.start <= found.start <= found.end <= clause.end
