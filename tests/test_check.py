"""Numbers and formulas in replies: what counts as stated, what is right, and that no reply can do harm."""

from __future__ import annotations

import pytest

from knowledge.check import Finding, verify
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
