"""Numbers and formulas in replies: what counts as stated, what is right, and that no reply can do harm."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge import check as module
from knowledge.check import Finding, expected, task, verify
from knowledge.numbers import Node, equivalent, evaluate, parse, quantity_at
from knowledge.rubric import Expected, FormulaCheck, NumberCheck, Text


def text(words: str) -> Text:
    return Text(ko=words, en=words)


COUNT = NumberCheck(
    kind="number",
    point="count",
    ask=Text(
        ko="{kernel}x{kernel} 커널, 입력 {inputs}채널, 출력 {outputs}채널인 합성곱의 파라미터는 몇 개인가?",
        en="How many parameters has a {kernel}x{kernel} convolution with {inputs} inputs and {outputs} outputs?",
    ),
    parameters={"kernel": 3, "inputs": 32, "outputs": 64},
    vary={"kernel": (1, 3, 5, 7), "inputs": (3, 16, 128), "outputs": (32, 256, 1024)},
    answers=(
        Expected(expression="kernel**2 * inputs * outputs", meaning=text("weights")),
        Expected(expression="(kernel**2 * inputs + 1) * outputs", meaning=text("with bias")),
        Expected(expression="kernel**2 * outputs", meaning=text("inputs forgotten"), verdict="contradicted"),
    ),
    unit="parameters",
)
SIZE = NumberCheck(
    kind="number",
    point="size",
    ask=text("{size} {kernel} {stride} {padding}"),
    parameters={"size": 32, "kernel": 3, "stride": 2, "padding": 1},
    vary={"size": (28, 64, 224), "stride": (1, 2)},
    answers=(Expected(expression="floor((size + 2*padding - kernel) / stride) + 1", meaning=text("output size")),),
    unit="pixels",
)
MEMORY = NumberCheck(
    kind="number",
    point="memory",
    ask=text("{params} parameters of {bytes} bytes"),
    parameters={"params": 100_000_000, "bytes": 4},
    vary={"params": (10_000_000, 350_000_000), "bytes": (2, 4)},
    answers=(
        Expected(expression="params * bytes", meaning=text("weights only"), verdict="partial"),
        Expected(expression="params * bytes * 4", meaning=text("weights, gradients, Adam's two states")),
    ),
    unit="bytes",
    tolerance=0.01,
)
MOMENTUM = FormulaCheck(
    kind="formula",
    point="update",
    symbols={
        "v": ("v", "velocity", "속도", "m", "u"),
        "x": ("x", "w", "W", "θ", "theta", "가중치", "p"),
        "mu": ("mu", "μ", "momentum", "모멘텀", "β", "γ", "rho", "ρ", "α"),
        "lr": ("lr", "learning_rate", "η", "α", "ε", "학습률"),
        "g": ("g", "dx", "dw", "grad", "gradient", "∇L", "기울기"),
    },
    accept=(
        ("v = mu*v - lr*g", "x = x + v"),
        ("v = mu*v + lr*g", "x = x - v"),
        ("v = mu*v + g", "x = x - lr*v"),
        ("v = mu*v + (1-mu)*g", "x = x - lr*v"),
    ),
    reject=(("v = mu*v + lr*g", "x = x + v"), ("v = mu*v + g", "x = x + lr*v")),
)
GAN = FormulaCheck(
    kind="formula",
    point="loss",
    symbols={
        "D": ("D", "discriminator", "판별자"),
        "G": ("G", "generator", "생성자"),
        "x": ("x", "real"),
        "z": ("z", "noise"),
    },
    accept=(("log(D(x)) + log(1 - D(G(z)))",), ("-log(D(x)) - log(1 - D(G(z)))",)),
    reject=(("log(D(x)) + log(D(G(z)))",),),
)
LINE = FormulaCheck(
    kind="formula",
    point="line",
    symbols={"y": ("y",), "a": ("a", "기울기", "slope"), "x": ("x",), "b": ("b", "절편")},
    accept=(("y = a*x + b",),),
)
SIGMOID = FormulaCheck(kind="formula", point="sigmoid", symbols={"x": ("x", "z")}, accept=(("1 / (1 + exp(-x))",),))

# What a reply about COUNT (3x3, 32 to 64: 18432 weights, 18496 with bias) is worth, and the quote that shows it.
COUNTS: list[tuple[str, str | None, str]] = [
    ("18432", "hit", "18432"),
    ("18,432개입니다.", "hit", "18,432개"),
    ("18 432", "hit", "18 432"),
    ("18_432 params", "hit", "18_432 params"),
    ("１８４３２개", "hit", "１８４３２개"),
    ("만 팔천사백삼십이 개요", "hit", "만 팔천사백삼십이 개"),
    ("만팔천사백삼십이개입니다", "hit", "만팔천사백삼십이개"),
    ("1만 8432개", "hit", "1만 8432개"),
    ("1만8천432개입니다", "hit", "1만8천432개"),
    ("1만 8천 4백 32", "hit", "1만 8천 4백 32"),
    ("약 1만8천 개", "hit", "1만8천 개"),
    ("1.8만 개 정도", "hit", "1.8만 개"),
    ("18.4k", "hit", "18.4k"),
    ("about 18K parameters", "hit", "18K parameters"),
    ("roughly 18 thousand weights", "hit", "18 thousand weights"),
    ("1.8432e4", "hit", "1.8432e4"),
    ("1.8432 × 10^4", "hit", "1.8432 × 10^4"),
    ("1.8432×10⁴개", "hit", "1.8432×10⁴개"),
    (r"$3 \times 3 \times 32 \times 64 = 18{,}432$", "hit", r"3 \times 3 \times 32 \times 64 = 18{,}432"),
    ("3*3*32*64 = 18432", "hit", "3*3*32*64 = 18432"),
    ("3×3×32×64", "hit", "3×3×32×64"),
    ("3 x 3 x 32 x 64", "hit", "3 x 3 x 32 x 64"),
    ("3x3x32x64개", "hit", "3x3x32x64개"),
    ("(3 * 3 * 32) * 64", "hit", "(3 * 3 * 32) * 64"),
    ("(3 * 3 * 32 + 1) * 64", "hit", "(3 * 3 * 32 + 1) * 64"),
    ("64 * (3*3*32 + 1) = 18,496", "hit", "64 * (3*3*32 + 1) = 18,496"),
    ("64(3·3·32+1)", "hit", "64(3·3·32+1)"),
    ("3^2 * 32 * 64", "hit", "3^2 * 32 * 64"),
    ("3**2*32*64", "hit", "3**2*32*64"),
    ("3²·32·64", "hit", "3²·32·64"),
    ("3의 제곱 곱하기 32 곱하기 64입니다", "hit", "3의 제곱 곱하기 32 곱하기 64"),
    ("9 * 32 * 64", "hit", "9 * 32 * 64"),
    ("3*3*32 = 288, 288*64 = 18432", "hit", "288*64 = 18432"),
    ("288에 64를 곱해서 18432가 나옵니다", "hit", "18432"),
    ("18432 + 64 = 18496", "hit", "18432 + 64 = 18496"),
    ("18432에 bias 64개를 더해 18,496개", "hit", "18,496개"),
    ("가중치는 18,432개, 바이어스까지 하면 18,496개입니다", "hit", "18,496개"),
    ("3x3 커널에 32, 64채널이니까 18432개죠", "hit", "18432개"),
    ("**18,432**개입니다", "hit", "18,432"),
    ("**3*3*32*64 = 18432**개", "hit", "3*3*32*64 = 18432"),
    ("- 커널 3x3\n- 입력 32\n- 출력 64\n- 답: 18432", "hit", "18432"),
    ("1. 곱한다\n2. 3*3*32*64", "hit", "3*3*32*64"),
    (
        "kernel height * kernel width * input filter * output filter",
        "hit",
        "kernel height * kernel width * input filter * output filter",
    ),
    ("(kernel height * kernel width * input filter) * output filter", "hit", "kernel height * kernel width"),
    ("커널 높이 × 커널 너비 × 입력 채널 × 출력 채널", "hit", "커널 높이 × 커널 너비 × 입력 채널 × 출력 채널"),
    (
        "파라미터 수는 커널의 높이 x 커널의 너비 x 입력 채널 수 x 출력 채널 수 입니다",
        "hit",
        "커널의 높이 x 커널의 너비 x 입력 채널 수 x 출력 채널",
    ),
    ("k*k*Cin*Cout + Cout", "hit", "k*k*Cin*Cout + Cout"),
    ("k^2 * C_in * C_out", "hit", "k^2 * C_in * C_out"),
    (r"$k^2 C_{in} C_{out}$", "hit", r"k^2 C_{in} C_{out}"),
    ("(k·k·Cin + 1)·Cout", "hit", "(k·k·Cin + 1)·Cout"),
    ("kxkxCinxCout", "hit", "kxkxCinxCout"),
    ("Cout(Cin·K² + 1)", "hit", "Cout(Cin·K² + 1)"),
    ("kernel_size**2 * in_channels * out_channels", "hit", "kernel_size**2 * in_channels * out_channels"),
    ("F*F*D*K", "hit", "F*F*D*K"),
    ("필터 높이*필터 너비*입력 채널*필터 수 + bias", "hit", "필터 높이*필터 너비*입력 채널*필터 수 + bias"),
    ("in × out × kernel²", "hit", "in × out × kernel²"),
    ("3(커널 높이) * 3(커널 너비) * 32(입력) * 64(출력) = 18432", "hit", "= 18432"),
    ("커널 3 × 3 × 입력 32 × 출력 64", "hit", "3 × 3 × 입력 32 × 출력 64"),
    ("커널(3x3) * 입력 채널(32) * 출력 채널(64)", "hit", "커널(3x3) * 입력 채널(32) * 출력 채널(64)"),
    ("9 * 32 input channels * 64 filters", "hit", "9 * 32 input channels * 64"),
    ("3*3*in*64", "hit", "3*3*in*64"),
    ("20000이 아니라 18432입니다", "hit", "18432"),
    ("not 18,000 but 18,432", "hit", "18,432"),
    ("20000개... 아니, 다시 계산하면 18432개입니다", "hit", "18432개"),
    ("18432개. 참고로 1x1이었다면 32*64 = 2048개", "hit", "18432개"),
    ("18,432개이고 float32라면 73,728바이트입니다", "hit", "18,432개"),
    ("18432 또는 20000", "partial", "18432"),
    ("576", "contradicted", "576"),
    ("3*3*64 = 576개입니다", "contradicted", "3*3*64 = 576개"),
    ("답은 20,000개입니다", "contradicted", "20,000개"),
    ("3*3*32*64 = 18423", "contradicted", "3*3*32*64 = 18423"),
    ("k*k*Cin*Cout = 3*3*32*64 = 18423", "contradicted", "18423"),
    ("3*3*32*64 이니까 18,000개입니다", "contradicted", "18,000개"),
    ("3*3*32 + 64 = 352", "contradicted", "3*3*32 + 64 = 352"),
    ("3*32*64 = 6144", "contradicted", "3*32*64 = 6144"),
    ("총 이만사천 개", "contradicted", "이만사천 개"),
    ("so about 30k", "contradicted", "30k"),
    ("18432이고 bias 64를 더해 총 18500개입니다", "contradicted", "18500개"),
    ("18432개... 아니, 20000개입니다", "contradicted", "20000개"),
    ("18432가 아니라 20000입니다", "contradicted", "20000"),
    ("= 64", "contradicted", "64"),
    ("9e9", "contradicted", "9e9"),
    ("", None, ""),
    ("잘 모르겠습니다", None, ""),
    ("3x3 커널이라 수용 영역이 작습니다", None, ""),
    ("입력 채널 32, 출력 채널 64, 커널 3이네요", None, ""),
    ("커널은 3이고 입력은 32, 출력은 64입니다", None, ""),
    ("stride는 1이고 padding = 1입니다", None, ""),
    ("3가지 요인으로 정해집니다", None, ""),
    ("문서 84행에 있습니다", None, ""),
    ("kernel=3, in=32, out=64", None, ""),
    ("float32 가중치를 씁니다", None, ""),
    ("필터가 64개의 필터로 이루어집니다", None, ""),
    ("Conv2D(64, 3) 레이어", None, ""),
    ("정확도가 95%입니다", None, ""),
    ("메모리는 73,728바이트입니다", None, ""),
    ("공유되는 가중치 때문에 MLP보다 적습니다", None, ""),
    ("이만 마치겠습니다", None, ""),
    ("2015년 논문에서 그렇게 셉니다", None, ""),
]
SIZES: list[tuple[str, str | None, str]] = [
    ("16", "hit", "16"),
    ("16x16입니다", "hit", "16x16"),
    ("16×16×64", "hit", "16×16×64"),
    ("출력은 (16, 16, 64)", "hit", "(16, 16, 64)"),
    ("[N, 64, 16, 16]", "hit", "[N, 64, 16, 16]"),
    ("32x32 입력에 3x3 커널이면 16x16이 됩니다", "hit", "16x16"),
    ("(32 + 2*1 - 3)/2 + 1 = 16.5 → 16", "hit", "16"),
    ("(32 + 2*1 - 3)/2 + 1", "hit", "(32 + 2*1 - 3)/2 + 1"),
    ("⌊(32 + 2·1 − 3)/2⌋ + 1 = 16", "hit", "⌊(32 + 2·1 − 3)/2⌋ + 1 = 16"),
    (r"\lfloor \frac{32 + 2 - 3}{2} \rfloor + 1", "hit", r"\lfloor \frac{32 + 2 - 3}{2} \rfloor + 1"),
    ("(N + 2P - K)/S + 1", "hit", "(N + 2P - K)/S + 1"),
    ("(W - F + 2P)/S + 1", "hit", "(W - F + 2P)/S + 1"),
    ("(입력 크기 - 커널 크기 + 2*패딩) / 스트라이드 + 1", "hit", "(입력 크기 - 커널 크기 + 2*패딩) / 스트라이드 + 1"),
    ("floor((input - kernel + 2*padding)/stride) + 1", "hit", "floor((input - kernel + 2*padding)/stride) + 1"),
    ("16픽셀", "hit", "16픽셀"),
    ("십육 픽셀입니다", "hit", "십육 픽셀"),
    ("15x15입니다", "contradicted", "15x15"),
    ("출력 크기는 17", "contradicted", "17"),
    ("(32-3)/2 = 14.5", "contradicted", "(32-3)/2 = 14.5"),
    ("32x32 이미지에 3x3 필터를 씁니다", None, ""),
    ("stride 2라서 절반 정도로 줄어요", None, ""),
]
MEMORIES: list[tuple[str, str | None, str]] = [
    ("1.6GB", "hit", "1.6GB"),
    ("약 1.6 기가바이트입니다", "hit", "1.6 기가바이트"),
    ("1.6기가 정도", "hit", "1.6기가"),
    ("1600MB", "hit", "1600MB"),
    ("1,600 메가", "hit", "1,600 메가"),
    ("16억 바이트", "hit", "16억 바이트"),
    ("십육억 바이트요", "hit", "십육억 바이트"),
    ("1.49 GiB", "hit", "1.49 GiB"),
    ("1.5GB쯤(1.49GiB)", "hit", "1.49GiB"),
    ("1.6e9 bytes", "hit", "1.6e9 bytes"),
    ("1.6×10⁹바이트", "hit", "1.6×10⁹바이트"),
    (r"$1.6 \times 10^{9}$ bytes", "hit", r"1.6 \times 10^{9}"),
    ("1.6 billion bytes", "hit", "1.6 billion bytes"),
    ("1억 × 4바이트 × 4 = 16억 바이트 = 1.6GB", "hit", "1억 × 4바이트 × 4 = 16억 바이트 = 1.6GB"),
    ("10^8 * 16", "hit", "10^8 * 16"),
    ("100M params * 4 bytes * 4", "hit", "100M params * 4 bytes * 4"),
    ("파라미터 수 × 4바이트 × 4", "hit", "파라미터 수 × 4바이트 × 4"),
    ("parameters * bytes * 4", "hit", "parameters * bytes * 4"),
    ("1e8 * (4 + 4 + 8)", "hit", "1e8 * (4 + 4 + 8)"),
    ("가중치 400MB + gradient 400MB + Adam 800MB", "hit", "400MB + gradient 400MB + Adam 800MB"),
    ("가중치만 400MB지만 학습하면 네 배인 1.6GB가 필요합니다", "hit", "1.6GB"),
    ("1억 개니까 4바이트씩 400MB입니다", "partial", "400MB"),
    ("4억 바이트", "partial", "4억 바이트"),
    ("0.4GB", "partial", "0.4GB"),
    ("400메가바이트", "partial", "400메가바이트"),
    ("381 MiB", "partial", "381 MiB"),
    ("가중치 400MB, 옵티마이저까지 하면 총 5GB", "contradicted", "5GB"),
    ("100GB 필요합니다", "contradicted", "100GB"),
    ("1억 × 4 = 40억 바이트", "contradicted", "1억 × 4 = 40억 바이트"),
    ("파라미터가 1억 개입니다", None, ""),
    ("배치 크기 32에 비례합니다", None, ""),
    ("fp16이면 절반이에요", None, ""),
]


@pytest.mark.parametrize(("reply", "verdict", "quote"), COUNTS)
def test_parameter_count(reply: str, verdict: str | None, quote: str) -> None:
    agrees(verify(COUNT, reply), reply, verdict, quote)


@pytest.mark.parametrize(("reply", "verdict", "quote"), SIZES)
def test_output_size(reply: str, verdict: str | None, quote: str) -> None:
    agrees(verify(SIZE, reply), reply, verdict, quote)


@pytest.mark.parametrize(("reply", "verdict", "quote"), MEMORIES)
def test_memory(reply: str, verdict: str | None, quote: str) -> None:
    agrees(verify(MEMORY, reply), reply, verdict, quote)


def agrees(finding: Finding | None, reply: str, verdict: str | None, quote: str) -> None:
    assert (finding.verdict if finding else None) == verdict, finding
    if finding:
        assert quote in finding.quote
        assert finding.quote in reply


GAN_LATEX = (
    r"\min_G \max_D V(D,G) = \mathbb{E}_{x\sim p_{data}(x)}[\log D(x)] + \mathbb{E}_{z \sim p_z(z)}[\log(1 - D(G(z)))]"
)
MOMENTA: list[tuple[str, str | None, str]] = [
    ("v = mu * v - learning_rate * dx; x += v", "hit", "v = mu * v - learning_rate * dx; x += v"),
    ("v = mu * v + - learning_rate * dx; x += v", "hit", "x += v"),
    ("x += v 이고 v = mu*v - lr*g 입니다", "hit", "x += v 이고 v = mu*v - lr*g"),
    ("v = -lr*g + mu*v\nx = v + x", "hit", "v = -lr*g + mu*v\nx = v + x"),
    ("v = mu*v + lr*g, x = x - v", "hit", "v = mu*v + lr*g, x = x - v"),
    ("v = mu*v + lr*g; x -= v", "hit", "x -= v"),
    ("v = lr*g + v*mu\nw = w - v", "hit", "w = w - v"),
    ("v = mu*v + g; x = x - lr*v", "hit", "v = mu*v + g"),
    ("v = mu*v + g\nx -= lr * v", "hit", "x -= lr * v"),
    ("v = mu*v + (1 - mu)*g; x -= lr*v", "hit", "(1 - mu)*g"),
    ("v = g + mu*(v - g); x = x - lr*v", "hit", "v = g + mu*(v - g)"),
    ("v = 0.9 * v - lr * dx; x += v", "hit", "0.9 * v"),
    ("v = 0.9*v - 0.01*g\nx = x + v", "hit", "0.9*v - 0.01*g"),
    ("v = 0.9*v + 0.1*g\nx -= 0.001*v", "hit", "0.9*v + 0.1*g"),
    ("v = 0.99*v + 0.01*g; x = x - lr*v", "hit", "x = x - lr*v"),
    ("velocity = momentum * velocity - learning_rate * grad; w += velocity", "hit", "w += velocity"),
    ("velocity = momentum*velocity - learning rate*gradient, w = w + velocity", "hit", "learning rate*gradient"),
    (r"$v_t = \mu v_{t-1} - \eta \nabla L$, $x_t = x_{t-1} + v_t$", "hit", r"v_t = \mu v_{t-1} - \eta \nabla L"),
    (
        r"\[v_{t+1} = \gamma v_t + \eta \nabla_\theta J(\theta_t) \\ \theta_{t+1} = \theta_t - v_{t+1}\]",
        "hit",
        r"\nabla_\theta J(\theta_t)",
    ),
    (
        r"v_t = \beta v_{t-1} + (1-\beta) \frac{\partial L}{\partial w}, \quad w = w - \alpha v_t",
        "hit",
        r"\frac{\partial L}{\partial w}",
    ),
    (
        r"\begin{aligned} v_t &= \rho v_{t-1} + g_t \\ \theta_t &= \theta_{t-1} - \eta\, v_t \end{aligned}",
        "hit",
        r"\theta_{t-1} - \eta\, v_t",
    ),
    (
        r"\mathbf{v}_t = \mu\mathbf{v}_{t-1} - \eta\,\nabla_{\theta} \mathcal{L}(\theta); \boldsymbol{\theta} = \boldsymbol{\theta} + \mathbf{v}",
        "hit",
        "mathbf{v}_t",
    ),
    ("vₜ = μvₜ₋₁ − η∇L(θ), θₜ₊₁ = θₜ + vₜ", "hit", "vₜ = μvₜ₋₁ − η∇L(θ), θₜ₊₁ = θₜ + vₜ"),
    ("v ← γ·v + η·∇L; θ ← θ − v", "hit", "θ ← θ − v"),
    ("v := β × v + g, θ := θ − η × v", "hit", "θ := θ − η × v"),
    ("𝑣 = 𝜇𝑣 − 𝜂𝑔, 𝜃 = 𝜃 + 𝑣", "hit", "𝑣 = 𝜇𝑣 − 𝜂𝑔, 𝜃 = 𝜃 + 𝑣"),
    ("v = α v − ε ∂L/∂θ 그리고 θ = θ + v", "hit", "θ = θ + v"),
    ("v = αv - ηg; w = w + v", "hit", "w = w + v"),
    ("v = βv - αg; w = w + v", "hit", "v = βv - αg"),
    ("v[t] = mu * v[t-1] - lr * dL/dw; w[t] = w[t-1] + v[t]", "hit", "w[t] = w[t-1] + v[t]"),
    ("v(t) = mu*v(t-1) - lr*g, x(t) = x(t-1) + v(t)", "hit", "x(t) = x(t-1) + v(t)"),
    ("v_new = mu*v_old - lr*g\nx_new = x_old + v_new", "hit", "x_new = x_old + v_new"),
    ("vt = γvt−1 + η∇θJ(θ)\nθ = θ − vt", "hit", "θ = θ − vt"),
    ("v['W1'] = mu*v['W1'] - lr*grad['W1']\nW['W1'] += v['W1']", "hit", "W['W1'] += v['W1']"),
    ("self.v = self.momentum * self.v - self.lr * grad\nw += self.v", "hit", "w += self.v"),
    ("```python\nv = mu * v - lr * dx  # 속도\nx += v          # 위치\n```", "hit", "x += v"),
    ("- v = mu*v - lr*g\n- x = x + v", "hit", "v = mu*v - lr*g\n- x = x + v"),
    ("1) v = mu*v - lr*g\n2) x = x + v", "hit", "x = x + v"),
    ("(1) v = mu*v - lr*g (2) x = x + v", "hit", "x = x + v"),
    ("속도 = 모멘텀 * 속도 - 학습률 * 기울기, 가중치 = 가중치 + 속도", "hit", "가중치 = 가중치 + 속도"),
    (
        "속도는 모멘텀 × 속도 − 학습률 × 기울기이고, 가중치는 가중치 + 속도입니다",
        "hit",
        "모멘텀 × 속도 − 학습률 × 기울기",
    ),
    ("v는 mu*v - lr*g이고 x는 x + v", "hit", "v는 mu*v - lr*g이고 x는 x + v"),
    ("mu*v - lr*g = v, x + v = x", "hit", "mu*v - lr*g = v"),
    ("v = mu*v - lr*g x = x + v", "hit", "x = x + v"),
    ("**v** = mu * v - lr * g, **x** += v", "hit", "mu * v - lr * g"),
    ("v <- mu*v - lr*grad(f); w <- w + v", "hit", "lr*grad(f)"),
    (
        r"v = \alpha v - \epsilon \nabla_\theta \left(\frac{1}{m}\sum_i L(x^{(i)};\theta)\right), \theta = \theta + v",
        "hit",
        r"\sum_i",
    ),
    ("v = mu*v + g(1 - mu); x = x - lr*v", "hit", "g(1 - mu)"),
    ("v = mu*v - lr*g(1 + mu); x = x + v", "partial", "x = x + v"),
    ("v = (mu*v*lr - lr**2*g)/lr; x = x + v", "hit", "(mu*v*lr - lr**2*g)/lr"),
    ("v = mu*v - lr*g", "partial", "v = mu*v - lr*g"),
    ("x += v", "partial", "x += v"),
    (r"먼저 $v_t = \mu v_{t-1} + g_t$ 를 구합니다", "partial", r"v_t = \mu v_{t-1} + g_t"),
    ("v = mu*v - lr*g; x = x - v", "partial", "v = mu*v - lr*g"),
    ("v = mu*v + lr*g; x = x + v", "contradicted", "v = mu*v + lr*g; x = x + v"),
    ("v = mu*v + g; x += lr*v", "contradicted", "x += lr*v"),
    ("x = x - lr*g", None, ""),
    ("v = mu*v*lr*g; x = x * v", None, ""),
    ("v = mu + v - lr*g", None, ""),
    ("v = mu*v - lr*g + decay*v", None, ""),
    ("v = mu*v - lr*g*t", None, ""),
    ("이전 기울기를 관성처럼 누적합니다", None, ""),
    ("v = 0", None, ""),
    ("", None, ""),
]
LOSSES: list[tuple[str, str | None, str]] = [
    ("log(D(x)) + log(1 - D(G(z)))", "hit", "log(D(x)) + log(1 - D(G(z)))"),
    ("min(d)max(g)V(G,D) = log(D(x)) + log(1 - D(G(z)))", "hit", "log(D(x)) + log(1 - D(G(z)))"),
    ("min_G max_D V(D,G) = E[log D(x)] + E[log(1-D(G(z)))]", "hit", "V(D,G) = E[log D(x)] + E[log(1-D(G(z)))]"),
    ("min_G max_D E[log D(x)] + E[log(1-D(G(z)))]", "hit", "E[log D(x)] + E[log(1-D(G(z)))]"),
    (GAN_LATEX, "hit", GAN_LATEX),
    (f"목적 함수는 ${GAN_LATEX}$ 입니다.", "hit", GAN_LATEX),
    ("Ex∼pdata(x)[logD(x)]+Ez∼pz(z)[log(1−D(G(z)))]", "hit", "Ex∼pdata(x)[logD(x)]+Ez∼pz(z)[log(1−D(G(z)))]"),
    ("𝔼[log D(x)] + 𝔼[log(1 − D(G(z)))]", "hit", "𝔼[log D(x)] + 𝔼[log(1 − D(G(z)))]"),
    ("log(1 - D(G(z))) + log D(x)", "hit", "log(1 - D(G(z))) + log D(x)"),
    ("ln D(x) + ln(1-D(G(z)))", "hit", "ln D(x) + ln(1-D(G(z)))"),
    ("log(D(x) * (1 - D(G(z))))", "hit", "log(D(x) * (1 - D(G(z))))"),
    ("-log(D(x)) - log(1 - D(G(z)))", "hit", "-log(D(x)) - log(1 - D(G(z)))"),
    ("- log(D(x)) - log(1 - D(G(z)))", "hit", "- log(D(x)) - log(1 - D(G(z)))"),
    ("D loss = -(log D(x) + log(1 - D(G(z)))), G loss = -log D(G(z))", "hit", "-(log D(x) + log(1 - D(G(z))))"),
    ("loss_D = -torch.mean(torch.log(D(x)) + torch.log(1 - D(G(z))))", "hit", "torch.log(1 - D(G(z))))"),
    ("D_loss = -tf.reduce_mean(tf.log(D(x)) + tf.log(1. - D(G(z))))", "hit", "D_loss ="),
    (
        r"\frac{1}{m}\sum_{i=1}^{m}\left[\log D\left(x^{(i)}\right) + \log\left(1-D\left(G(z^{(i)})\right)\right)\right]",
        "hit",
        r"\log D",
    ),
    (r"L = \log D_{\theta_d}(x) + \log(1 - D_{\theta_d}(G_{\theta_g}(z)))", "hit", r"\log D_{\theta_d}(x)"),
    ("V = E[log D(x)]\n  + E[log(1 - D(G(z)))]", "hit", "V = E[log D(x)]\n  + E[log(1 - D(G(z)))]"),
    ("log(D(real)) + log(1 - D(G(noise)))", "hit", "log(D(real)) + log(1 - D(G(noise)))"),
    ("D는 log(D(x)) + log(1 - D(G(z)))를 최대화합니다", "hit", "log(D(x)) + log(1 - D(G(z)))"),
    ("log(판별자(x)) + log(1 - 판별자(생성자(z)))", "hit", "log(판별자(x)) + log(1 - 판별자(생성자(z)))"),
    ("log(d(x)) + log(1-d(g(z)))", "hit", "log(d(x)) + log(1-d(g(z)))"),
    ("V(D,G) = log(D(x)) - log(1/(1 - D(G(z))))", "hit", "log(1/(1 - D(G(z))))"),
    ("log D(x|y) + log(1 - D(G(z|y)))", "hit", "log D(x|y) + log(1 - D(G(z|y)))"),
    ("log(D(x)) + log(D(G(z)))", "contradicted", "log(D(x)) + log(D(G(z)))"),
    (r"$\mathbb{E}[\log D(x)] + \mathbb{E}[\log D(G(z))]$", "contradicted", r"\log D(G(z))"),
    ("log(D(x)) + log(D(G(z)))가 아니라 log(D(x)) + log(1-D(G(z)))", "hit", "log(D(x)) + log(1-D(G(z)))"),
    ("log(D(x)) - log(1 - D(G(z)))", None, ""),
    ("log(1 - D(x)) + log(D(G(z)))", None, ""),
    ("log(D(x)) + log(1 + D(G(z)))", None, ""),
    ("log(D(x)) + log(1 - D(G(z))) + lambda * GP", None, ""),
    ("log(D(x)) + log(1 - G(D(z)))", None, ""),
    ("log(D(x)) + log(1 - D(z))", None, ""),
    ("D(x) + 1 - D(G(z))", None, ""),
    ("log D(x)를 크게 합니다", None, ""),
    ("min max 게임입니다", None, ""),
]


@pytest.mark.parametrize(("reply", "verdict", "quote"), MOMENTA)
def test_momentum(reply: str, verdict: str | None, quote: str) -> None:
    agrees(verify(MOMENTUM, reply), reply, verdict, quote)


@pytest.mark.parametrize(("reply", "verdict", "quote"), LOSSES)
def test_gan_objective(reply: str, verdict: str | None, quote: str) -> None:
    agrees(verify(GAN, reply), reply, verdict, quote)


@pytest.mark.parametrize(
    ("check", "reply", "verdict"),
    [
        (LINE, "y = b + x*a", "hit"),
        (LINE, "y - b = a x", "hit"),
        (LINE, "a*x = y - b", "hit"),
        (LINE, "y = 기울기 * x + 절편", "hit"),
        (LINE, "y = a*x - b", None),
        (LINE, "a*x + b", None),
        (SIGMOID, "σ(x) = 1/(1+e^{-x})", "hit"),
        (SIGMOID, "sigmoid(x) = 1/(1+exp(-x))", "hit"),
        (SIGMOID, r"\frac{1}{1 + \exp(-x)}", "hit"),
        (SIGMOID, "exp(x) / (1 + exp(x))", "hit"),
        (SIGMOID, "1 - 1/(1 + exp(x))", "hit"),
        (SIGMOID, "1/(1+exp(x))", None),
    ],
)
def test_equations_that_are_no_updates(check: FormulaCheck, reply: str, verdict: str | None) -> None:
    agrees(verify(check, reply), reply, verdict, "")


def test_the_meaning_of_the_answer_is_told() -> None:
    right, wrong = verify(COUNT, "18496개입니다"), verify(COUNT, "576개입니다")
    assert right == Finding("hit", "18496개", text("with bias"))
    assert wrong == Finding("contradicted", "576개", text("inputs forgotten"))


def test_an_example_of_the_candidates_own_counts_fully_only_if_the_question_was_open() -> None:
    reply = "예를 들어 5x5 커널, 입력 16채널, 출력 20채널이면 5*5*16*20 = 8,000개입니다"
    agrees(verify(COUNT, reply), reply, "hit", "5*5*16*20 = 8,000개")
    agrees(verify(COUNT, reply, {"kernel": 3, "inputs": 32, "outputs": 64}), reply, "partial", "8,000개")
    wrong = "예를 들어 5x5 커널, 입력 16채널, 출력 20채널이면 총 4,000개입니다"
    agrees(verify(COUNT, wrong), wrong, "contradicted", "4,000개")


def test_a_computation_about_something_else_is_no_wrong_answer() -> None:
    assert verify(COUNT, "완전연결이면 784*100 = 78,400개인데 합성곱은 훨씬 적습니다") is None


def test_fresh_numbers_are_the_ones_verified() -> None:
    parameters = {"kernel": 5, "inputs": 3, "outputs": 10}
    agrees(verify(COUNT, "750개입니다", parameters), "750개입니다", "hit", "750개")
    agrees(verify(COUNT, "18432개입니다", parameters), "18432개입니다", "contradicted", "18432개")


def test_both_times_of_a_symbol_are_kept_apart() -> None:
    heavy_ball = FormulaCheck(
        kind="formula",
        point="update",
        symbols={"x": ("x", "w", "θ"), "lr": ("lr", "η"), "mu": ("mu", "β"), "g": ("g", "∇L")},
        accept=(("x = x - lr*g + mu*(x - x_old)",),),
        reject=(("x = x - lr*g",),),
    )
    reply = r"$\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t) + \beta(\theta_t - \theta_{t-1})$"
    agrees(verify(heavy_ball, reply), reply, "hit", r"\theta_{t-1}")
    agrees(verify(heavy_ball, "w = w - lr*g"), "w = w - lr*g", "contradicted", "w = w - lr*g")
    assert verify(heavy_ball, "w = w - lr*g가 아니라 관성을 더합니다") is None


@pytest.mark.parametrize(
    ("symbols", "entry", "complaint"),
    [
        ({"x": ("x",)}, "x = x + w", "'w'"),
        ({"x": ("x",)}, "x = x +", "not an expression"),
        ({"x": ("x",)}, "x.__class__", "plain call"),
        ({"x": ("x",)}, "x[0]", "plain call"),
        ({"x": ("x",)}, "x" * 500, "longer"),
    ],
)
def test_a_faulty_formula_is_the_authors_mistake(
    symbols: dict[str, tuple[str, ...]], entry: str, complaint: str
) -> None:
    check = FormulaCheck(kind="formula", point="update", symbols=symbols, accept=((entry,),))
    with pytest.raises(ValueError, match=complaint):
        verify(check, "")


@pytest.mark.parametrize(
    "expression", ["kernel * depth", "__import__('os')", "9**9**9**9", "1/0", "kernel if 1 else 2", "()"]
)
def test_a_faulty_answer_is_the_authors_mistake(expression: str) -> None:
    faulty = COUNT.model_copy(update={"answers": (Expected(expression=expression, meaning=text("?")),)})
    with pytest.raises(ValueError, match=r"is not|has no value"):
        verify(faulty, "18432")


def test_a_task_is_the_same_for_the_same_seed_and_filled_in() -> None:
    drawn = [task(COUNT, seed) for seed in range(40)]
    assert drawn == [task(COUNT, seed) for seed in range(40)]
    assert len({tuple(parameters.items()) for parameters, _ in drawn}) > 10
    for parameters, ask in drawn:
        assert all(parameters[name] in values for name, values in COUNT.vary.items())
        assert f"{parameters['kernel']}x{parameters['kernel']} 커널" in ask.ko
        assert f"{parameters['outputs']:,} outputs" in ask.en
    memory = task(MEMORY, 1)[1].en
    assert memory.startswith(("10,000,000 ", "350,000,000 "))


def test_a_task_needs_its_parameters() -> None:
    with pytest.raises(ValueError, match="depth"):
        task(COUNT.model_copy(update={"ask": text("{depth} layers?")}), 1)


@pytest.mark.parametrize("seed", range(10))
def test_the_right_answer_to_a_drawn_task_is_a_hit(seed: int) -> None:
    for check in (COUNT, SIZE, MEMORY):
        parameters, _ = task(check, seed)
        for value, answer in expected(check, parameters):
            if answer.verdict == "hit":
                reply = f"그래서 답은 {value:,}입니다"
                agrees(verify(check, reply, parameters), reply, "hit", f"{value:,}")


def test_expected_values() -> None:
    assert [value for value, _ in expected(COUNT, COUNT.parameters)] == [18432, 18496, 576]
    assert [value for value, _ in expected(SIZE, {"size": 7, "kernel": 2, "stride": 2, "padding": 0})] == [3]
    rounding = COUNT.model_copy(
        update={"answers": (Expected(expression="min(ceil(sqrt(inputs)), max(kernel, 1)) // 2", meaning=text("?")),)}
    )
    assert [value for value, _ in expected(rounding, COUNT.parameters)] == [1]


# --- Whatever anyone types --------------------------------------------------------------------------------------------

CHECKS = (COUNT, SIZE, MEMORY, MOMENTUM, GAN, LINE, SIGMOID)
HOSTILE = [
    "9**9**9**9", "v = 9**9**9**9", "v = mu*v - lr*g + 0*9**9**9; x += v", "v = mu*v - lr*g + 0*9**-(9**9); x += v",
    "9e999999", "1e-999999", "10^10^10^10", "1/0", "0**-1", "log(0)", "sqrt(-1)", "x = x/0", "3%0", "1" * 100_000,
    "1_000" * 20_000, "111 " * 25_000, "(" * 100_000, ")" * 100_000, "(" * 50_000 + "x" + ")" * 50_000, "-" * 100_000,
    "log " * 25_000, "log(" * 25_000, "D(G(" * 25_000, r"\frac{" * 20_000, r"\frac{1}{" * 10_000, "_{" * 50_000,
    "{" * 100_000, "\\" * 100_000, "$" * 100_000, "*" * 100_000, "^" * 100_000, "²" * 100_000, "ₜ" * 100_000,
    "E_{x~" * 20_000, r"\sum_{" * 15_000, "∇_{" * 30_000, "1/m " * 25_000, "만" * 100_000, "천만억" * 30_000,
    "1만 " * 30_000, "ﷺ" * 30_000, "\x00\x01\x02" * 30_000, "\u202e\u200b" * 50_000, "\ud800x = x + v", "\n" * 100_000,
    "v = mu*v - lr*g; " * 6_000, "α v + " * 20_000, "k*" * 50_000, "n*k*h*w*f*d*m*b*i*c*" * 5_000, "x_" * 50_000,
    "5 or " * 20_000, "18432 아니라 " * 10_000, "가나다 " * 25_000, "[64," * 25_000, "v[0]" * 25_000, "⌊" * 50_000,
    "__import__('os').system('true')", "x.__class__.__mro__", "lambda: 0", "v = (mu+x)**12*(lr+g)**12*(v+x)**12",
]  # fmt: skip
SOUP = st.lists(
    st.sampled_from(
        "v x mu lr g D G z ( ) [ ] { } + - * / ** ^ = += := ← , ; | . \n $ 0.9 1 3 32 64 18,432 만 8천 1억 log exp E \\log "
        "\\frac \\sum_{i} \\left( \\right) ∇L dL/dw _t _{t-1} ² ₜ 커널 입력 채널 출력 개 GB 바이트 입니다 는 아니라 총 → ≈ 약 x 곱하기".split(
            " "
        )
    ),
    max_size=40,
).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda gap: gap.join(parts)))


@pytest.mark.parametrize("check", [COUNT, MOMENTUM], ids=lambda check: check.point)
@pytest.mark.parametrize("reply", HOSTILE, ids=lambda reply: f"{reply[:16]!a}{len(reply)}")
def test_hostile_replies_are_survived(check: NumberCheck | FormulaCheck, reply: str) -> None:
    finding = verify(check, reply)
    assert finding is None or finding.quote in reply


@given(st.one_of(st.text(max_size=300), SOUP), st.sampled_from(CHECKS))
@example("v = mu*v - lr*g + 0*log(0); x += v", MOMENTUM)
def test_any_text_is_survived_and_quoted_verbatim(reply: str, check: NumberCheck | FormulaCheck) -> None:
    finding = verify(check, reply)
    if finding is not None:
        assert finding.quote
        assert finding.quote in reply


@pytest.mark.parametrize("length", [0, 1, 500, 5_000])
@pytest.mark.parametrize(
    ("check", "answer"),
    [(COUNT, "3*3*32*64 = 18432"), (GAN, "log(D(x)) + log(1 - D(G(z)))")],
    ids=["number", "formula"],
)
def test_the_end_of_a_long_reply_is_read(length: int, check: NumberCheck | FormulaCheck, answer: str) -> None:
    reply = "필터²를 공유합니다. " * length + answer
    agrees(verify(check, reply), reply, "hit", answer)


def shuffled(expression: str, choose: random.Random) -> str:
    """An equal expression: the operands of sums and products in another order."""

    def written(node: Node) -> str:
        parts = [written(part) for part in node.parts]
        if not parts:
            return node.name or str(node.value)
        if node.kind == "call":
            return f"{node.name}({', '.join(parts)})"
        if node.kind in ("+", "*") and choose.random() < 0.5:
            parts.reverse()
        if node.kind == "-" and choose.random() < 0.5:
            return f"(-{parts[1]} + {parts[0]})"
        gap = choose.choice(["", " "])
        return f"({parts[0]}{gap}{node.kind}{gap}{parts[1]})"

    return written(parse(expression.strip()))


@given(st.sampled_from([MOMENTUM, GAN, LINE, SIGMOID]), st.randoms(use_true_random=False))
def test_a_rearranged_formula_still_matches(check: FormulaCheck, choose: random.Random) -> None:
    system = list(choose.choice(check.accept))
    choose.shuffle(system)
    equations = []
    for entry in system:
        left, equals, right = entry.rpartition("=")
        equations.append(f"{left}{equals} {shuffled(right, choose)}".strip())
    reply = choose.choice(["; ", "\n", " 그리고 ", ", "]).join(equations)
    agrees(verify(check, reply), reply, "hit", "")


@given(st.sampled_from(COUNT.answers[:2]), st.randoms(use_true_random=False))
def test_a_rearranged_computation_still_matches(answer: Expected, choose: random.Random) -> None:
    reply = shuffled(answer.expression, choose)
    agrees(verify(COUNT, reply), reply, "hit", "")
    for name, value in COUNT.parameters.items():
        reply = reply.replace(name, str(value))
    agrees(verify(COUNT, reply), reply, "hit", "")


def in_hangul(number: int) -> str:
    """18432 → 만팔천사백삼십이."""
    digits, words = " 일이삼사오육칠팔구", ""
    for unit, name in ((10**8, "억"), (10**4, "만"), (1, "")):
        section, part = number // unit % 10**4, ""
        for place, small in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
            digit = section // place % 10
            if digit:
                part += (digits[digit] if digit > 1 or not small else "") + small
        words += part + name if part else ""
    return words


def in_myriads(number: int, gap: str) -> str:
    """18432 → 1만 8432."""
    parts = [f"{number // unit % 10**4}{name}" for unit, name in ((10**8, "억"), (10**4, "만"), (1, ""))]
    return gap.join(part for part in parts if not part.startswith("0")) or "0"


@given(st.integers(0, 10**12 - 1))
@example(18432)
@example(10)
def test_a_number_is_read_back_from_every_style(number: int) -> None:
    grouped = f"{number:,}"
    styles = [str(number), grouped, grouped.replace(",", "_"), grouped.replace(",", " "), grouped.replace(",", "{,}")]
    styles += [f"{number}개", f"{grouped} 바이트", f"{number} params", f"{number}e0", f"{number / 1000:.3f}k"]
    styles += [f"{number / 10**6:.6f}M", f"{number / 10**9:.9f} billion", f"{number / 10**4:.4f}만", f"{number}×10^0"]
    styles += [f"{number / 10**9:.9f}GB", f"{number / 10**6:.6f}메가바이트"]
    if number >= 1000 and number % 10**4 >= 1000:
        styles += [in_myriads(number, " "), in_myriads(number, "")]
    if len(in_hangul(number)) > 1:
        styles += [f"{in_hangul(number)} 개"]
    for style in styles:
        quantity = quantity_at(style, 0)
        assert quantity is not None, style
        assert quantity.readings[0].value == number, style
        assert quantity.end == len(style), style


@given(st.integers(1, 10**6))
def test_binary_prefixes_are_told_from_decimal_ones(size: int) -> None:
    binary, either = quantity_at(f"{size}MiB", 0), quantity_at(f"{size} MB", 0)
    assert binary is not None
    assert either is not None
    assert [reading.value for reading in binary.readings] == [size * 2**20]
    assert [reading.value for reading in either.readings] == [size * 10**6, size * 2**20]


def test_equality_is_proved_not_guessed() -> None:
    assert equivalent(parse("log(a*b)"), parse("log(b) + log(a)"))
    assert equivalent(parse("(a + b)**2"), parse("a**2 + 2*a*b + b**2"))
    assert equivalent(parse("1/(1 + exp(-a))"), parse("exp(a)/(exp(a) + 1)"))
    assert not equivalent(parse("a"), parse("a + 1e-12"))
    assert not equivalent(parse("f(a, b)"), parse("f(b, a)"))


def test_values_out_of_range_are_none() -> None:
    for expression in ("9**9**9**9", "1/0", "a", "exp(1000)", "0**-1", "floor(sqrt(-1))"):
        assert evaluate(parse(expression), {}) is None


def test_importing_and_numbers_do_not_load_sympy() -> None:
    program = (
        "import sys, knowledge.check as c; from tests.test_check import COUNT, MOMENTUM;"
        "c.verify(COUNT, '3*3*32*64 = 18432'); c.verify(MOMENTUM, 'no formula'); print('sympy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_public_names() -> None:
    assert module.__all__ == ["Finding", "expected", "task", "verify"]
