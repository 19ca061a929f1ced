"""The figures that some questions speak of, drawn as inline SVG, so that a candidate has in front of them what the
interviewer means. They use ``currentColor`` and so are readable in light and dark.

    figure("loss-curve", "ko")      # "<figure …><svg …>…</svg></figure>"

The chatbot's sanitiser takes ``viewBox`` and ``aria-label`` away: the size is fixed (style.css zooms it down on a phone) and
what a screen reader says is an unseen caption. A figure must not answer its own question: the loss curve's axes have no labels, because that is what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from itertools import pairwise

from interviewer.critique import Language

__all__ = ["figure"]

WIDTH, HEIGHT = 400, 200

_ALT: Mapping[str, Mapping[str, str]] = {
    "loss-curve": {
        "ko": "두 축 위에 그릇 모양의 곡선이 있고, 점이 곡선을 따라 조금씩 아래로 내려갑니다. 축에는 이름이 없습니다.",
        "en": "A bowl-shaped curve over two axes; a point moves down along it step by step. The axes have no labels.",
    },
    "word2vec-matrices": {
        "ko": "word2vec 신경망: one-hot 입력(V), 왼쪽 행렬 W(V×N), 은닉층(N), 오른쪽 행렬 W′(N×V), softmax 출력(V).",
        "en": "The word2vec network: one-hot input (V), left matrix W (V×N), hidden layer (N), right matrix W′ (N×V), softmax output (V).",
    },
}
_WORDS = {
    "ko": {"input": "입력", "hidden": "은닉층", "output": "출력", "one-hot": "one-hot"},
    "en": {"input": "input", "hidden": "hidden", "output": "output", "one-hot": "one-hot"},
}


def figure(name: str, language: Language) -> str:
    """A figure as HTML that holds nothing from outside this module; "" for a name that is not known."""
    draw = _DRAW.get(name)
    if draw is None:
        return ""
    alt = escape(_ALT[name][language])
    return (
        f'<figure class="figure"><svg width="{WIDTH}" height="{HEIGHT}" {draw(language)}</svg>'
        f'<figcaption class="unseen">{alt}</figcaption></figure>'
    )


def _loss_curve(language: Language) -> str:
    """A parabola (SVG's y grows downwards) and six points of a descent along it: each step is a share of the slope."""

    def y(x: float) -> float:
        return 160 - 0.0062 * (x - 200) ** 2

    curve = " ".join(f"{x},{y(x):.1f}" for x in range(52, 349, 8))
    xs = [70.0]
    for _ in range(5):
        xs.append(xs[-1] + 0.34 * (200 - xs[-1]))
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y(x):.1f}" r="{5 if i in (0, len(xs) - 1) else 4}" opacity="{0.45 + 0.11 * i:.2f}"></circle>'
        for i, x in enumerate(xs)
    )
    steps = "".join(
        f'<line x1="{a:.1f}" y1="{y(a) - 9:.1f}" x2="{b:.1f}" y2="{y(b) - 9:.1f}" stroke-width="1.4" stroke-dasharray="3 3" opacity="0.7"></line>'
        for a, b in pairwise(xs)
    )
    return (
        'fill="none" stroke="currentColor" stroke-linecap="round">'
        '<path d="M30 14 V180 H380" stroke-width="1.6"></path>'
        '<path d="M25 22 L30 12 L35 22 M372 175 L382 180 L372 185" stroke-width="1.6"></path>'
        f'<polyline points="{curve}" stroke-width="2.4"></polyline>{steps}'
        f'<g class="accent" fill="currentColor" stroke="none">{dots}</g>'
    )


def _word2vec(language: Language) -> str:
    words = _WORDS[language]

    def layer(x: int, count: int, lit: int | None) -> str:
        height, top = 17, 100 - count * 17 // 2
        return "".join(
            f'<rect x="{x}" y="{top + i * height}" width="22" height="{height - 3}" rx="3"'
            f"{' fill=' + chr(34) + 'currentColor' + chr(34) if i == lit else ''}></rect>"
            for i in range(count)
        )

    def matrix(x: int, width: int, height: int) -> str:
        top = 100 - height // 2
        return (
            f'<rect class="accent" x="{x}" y="{top}" width="{width}" height="{height}" rx="6" stroke-width="2"></rect>'
        )

    def label(x: int, text: str, y: int = 186, size: int = 12) -> str:
        return f'<text x="{x}" y="{y}" font-size="{size}">{text}</text>'

    arrows = "".join(
        f'<path d="M{a} 100 H{b} M{b - 6} 96 L{b} 100 L{b - 6} 104" stroke-width="1.4"></path>'
        for a, b in ((46, 66), (142, 162), (188, 208), (322, 342))
    )
    return (
        'fill="none" stroke="currentColor" stroke-width="1.3">'
        f"{layer(20, 8, 2)}{matrix(68, 72, 128)}{layer(164, 4, None)}{matrix(210, 110, 80)}{layer(344, 8, None)}{arrows}"
        '<g fill="currentColor" stroke="none" text-anchor="middle">'
        f"{label(104, 'W', 98, 19)}{label(104, 'V × N', 116)}{label(265, 'W′', 98, 19)}{label(265, 'N × V', 116)}"
        f"{label(31, words['input'] + ' (V)')}{label(31, words['one-hot'], 20)}{label(175, words['hidden'] + ' (N)', 150)}"
        f"{label(355, words['output'] + ' (V)')}{label(355, 'softmax', 20)}</g>"
    )


_DRAW: Mapping[str, Callable[[Language], str]] = {"loss-curve": _loss_curve, "word2vec-matrices": _word2vec}
