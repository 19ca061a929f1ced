"""What the page itself says, in Korean and English, in one place so that neither language can lack a text.

    texts("ko").send        # "보내기"

What the interviewer says (questions, hints, critiques) is not here: see ``interviewer.wording`` and ``critique``.
"""

from __future__ import annotations

from dataclasses import dataclass

from interviewer.critique import Language

__all__ = ["Texts", "texts"]


@dataclass(frozen=True)
class Texts:
    """One language of the page."""

    title: str
    lead: str
    language: str
    document: str
    topics: str
    choose_all: str
    choose_none: str
    follow_ups: str
    follow_ups_info: str
    probes: str
    probes_info: str
    tone: str
    tones: tuple[str, str, str]
    start: str
    grades_offline: str
    grades_model: str
    chat: str
    reply: str
    reply_hint: str
    send: str
    commands: str
    hint: str
    skip: str
    repeat: str
    reveal: str
    back: str
    stop: str
    help: str
    stop_sure: str
    stop_yes: str
    stop_no: str
    home: str
    question: str
    probe: str
    progress: str
    judging: str
    halt: str
    mend: str
    grade_again: str
    grade_offline: str
    key: str
    key_info: str
    not_graded: str
    evidence: str
    verdict: str
    claim: str
    quote: str
    lines: str
    wrong_claim: str
    finished: str
    unfinished: str
    score: str
    no_score: str
    by_topic: str
    weakest: str
    counts: str
    graded_by: str
    downloads: tuple[str, str, str]
    again: str
    earlier: str
    earlier_info: str
    open: str
    done: str
    under_way: str
    unreadable: str
    blank: str
    too_long: str
    stale: str
    waiting: str
    reconnected: str
    not_found: str
    nothing_chosen: str
    failed: str
    failed_kept: str


_KO = Texts(
    title="딥러닝 모의 면접",
    lead="실제 면접처럼 한 질문씩 답하면, 답변에서 근거를 찾아 바로 피드백해 드립니다.",
    language="언어 · Language",
    document="질문 문서",
    topics="주제",
    choose_all="모두 선택",
    choose_none="모두 해제",
    follow_ups="이어지는 세부 질문까지 묻기",
    follow_ups_info="끄면 주제마다 대표 질문 하나만 묻습니다.",
    probes="빠진 핵심을 한 번 더 묻기",
    probes_info="답변에서 핵심이 빠지면 꼬리 질문을 합니다.",
    tone="피드백 말투",
    tones=("담백하게", "친절하게", "엄격하게"),
    start="면접 시작",
    grades_offline="<b>오프라인 채점기</b>가 이 컴퓨터에서 채점합니다. 답변은 밖으로 나가지 않습니다. 낱말과 규칙으로 읽기 때문에 "
    "돌려 말한 정답을 놓칠 수 있습니다. 언어 모델로 채점하려면 아래에 키를 넣거나, <code>OPENAI_API_KEY</code>를 설정하고 다시 시작하세요.",
    grades_model="<b>{model}</b> 모델이 채점합니다. 질문과 답변이 이 모델의 제공자에게 전송됩니다. "
    "판정마다 답변에서 찾은 근거를 보여 주며, 점수는 그 근거로 계산합니다.",
    chat="면접 대화",
    reply="답변",
    reply_hint="답변을 쓰세요 (Shift+Enter는 줄바꿈)",
    send="보내기",
    commands="면접 명령",
    hint="힌트",
    skip="건너뛰기",
    repeat="다시 듣기",
    reveal="정답 보기",
    back="이전 질문",
    stop="끝내기",
    help="모르면 “모르겠습니다”라고 답해도 됩니다. 채점에 이의가 있으면 <code>/이의 이유</code>라고 쓰세요.",
    stop_sure="면접을 여기서 끝낼까요? 끝내면 이어서 할 수 없습니다. 나중에 이어 하려면 “처음 화면으로”를 누르세요.",
    stop_yes="면접 끝내기",
    stop_no="계속하기",
    home="처음 화면으로",
    question="질문",
    probe="꼬리 질문",
    progress="질문 {n} / {total}",
    judging="답변을 읽고 있습니다…",
    halt="채점 멈추기",
    mend="채점하지 못한 답변이 있습니다.",
    grade_again="다시 채점",
    grade_offline="오프라인 채점기로 채점",
    key="OpenAI API 키 (선택)",
    key_info="이 창에만 두고 채점할 때만 보냅니다. 어디에도 저장하지 않으며, 창을 닫으면 사라집니다.",
    not_graded="채점 못 함",
    evidence="항목별 근거",
    verdict="판정",
    claim="핵심 주장",
    quote="답변에서 찾은 근거",
    lines="문서 행",
    wrong_claim="오개념",
    finished="면접이 끝났습니다",
    unfinished="지금까지의 결과",
    score="총점",
    no_score="점수 없음",
    by_topic="주제별 점수",
    weakest="먼저 복습할 질문",
    counts="채점 {graded} / {questions} · 건너뜀·정답 보기 {skipped} · 채점 못 함 {not_graded}",
    graded_by="채점 모델: {model}",
    downloads=("리포트 (Markdown)", "리포트 (HTML)", "데이터 (JSON)"),
    again="새 면접",
    earlier="지난 면접",
    earlier_info="이어서 하거나 다시 읽을 면접을 고르세요.",
    open="열기",
    done="완료",
    under_way="{n} / {total} 진행 중",
    unreadable="열 수 없음",
    blank="아직 쓰신 내용이 없습니다. 답을 모르면 “모르겠습니다”라고 써 주세요.",
    too_long="답변이 너무 깁니다({length:,}자, 한도 {limit:,}자). 보내지 않았고 쓰신 글은 입력창에 그대로 있으니, 줄여서 다시 보내 주세요.",
    stale="이 질문에는 다른 창에서 이미 답했습니다. 지금 상태로 새로 고쳤고, 쓰신 글은 보내지 않은 채 입력창에 남겨 두었습니다.",
    waiting="앞 답변을 아직 채점하고 있습니다. 쓰신 글은 입력창에 그대로 있으니 잠시 뒤 다시 보내 주세요.",
    reconnected="서버와 다시 연결되어 면접을 다시 불러왔습니다. 쓰신 글은 아직 보내지 않았습니다. 질문을 확인하고 다시 보내 주세요.",
    not_found="그 면접을 찾을 수 없습니다.",
    nothing_chosen="주제를 하나 이상 골라 주세요.",
    failed="문제가 생겼습니다: {error}",
    failed_kept="문제가 생겼습니다: {error}. 저장된 답변은 대화에 보이고, 보내지 못한 글은 입력창에 그대로 있습니다.",
)

_EN = Texts(
    title="Deep learning mock interview",
    lead="Answer one question at a time, as in a real interview, and get feedback at once, with the evidence from your own words.",
    language="언어 · Language",
    document="Document",
    topics="Topics",
    choose_all="All",
    choose_none="None",
    follow_ups="Ask the follow-up questions",
    follow_ups_info="Off: only the main question of each topic.",
    probes="Ask once more about a missing key point",
    probes_info="A probe follows when an answer leaves out the core.",
    tone="Tone of the feedback",
    tones=("Plain", "Kind", "Demanding"),
    start="Start the interview",
    grades_offline="The <b>offline grader</b> grades on this computer; your answers stay here. It reads by words and rules, "
    "so it can miss a right answer in unusual words. For a language model, enter a key below, or set <code>OPENAI_API_KEY</code> and restart.",
    grades_model="<b>{model}</b> grades. Questions and answers are sent to its provider. "
    "Each verdict shows its evidence from your answer, and the score is computed from that.",
    chat="Interview",
    reply="Your answer",
    reply_hint="Write your answer (Shift+Enter for a new line)",
    send="Send",
    commands="Commands",
    hint="Hint",
    skip="Skip",
    repeat="Repeat",
    reveal="Show answer",
    back="Back",
    stop="Stop",
    help="“I don't know” is fine as an answer. If you disagree with a grade, write <code>/object your reason</code>.",
    stop_sure="End the interview here? It cannot be continued then. To continue later, use “Start page” instead.",
    stop_yes="End the interview",
    stop_no="Go on",
    home="Start page",
    question="Question",
    probe="Probe",
    progress="Question {n} of {total}",
    judging="Reading your answer…",
    halt="Stop grading",
    mend="There are answers without a grade.",
    grade_again="Grade again",
    grade_offline="Grade with the offline grader",
    key="OpenAI API key (optional)",
    key_info="It stays in this page and is sent only for grading. It is stored nowhere and gone when you close the page.",
    not_graded="not graded",
    evidence="Evidence, point by point",
    verdict="Verdict",
    claim="Key claim",
    quote="Evidence in your answer",
    lines="Document line",
    wrong_claim="misconception",
    finished="The interview is over",
    unfinished="The result so far",
    score="Score",
    no_score="no score",
    by_topic="By topic",
    weakest="Practise these first",
    counts="graded {graded} of {questions} · skipped or shown {skipped} · not graded {not_graded}",
    graded_by="Graded by {model}",
    downloads=("Report (Markdown)", "Report (HTML)", "Data (JSON)"),
    again="New interview",
    earlier="Earlier interviews",
    earlier_info="Choose one to continue or to read.",
    open="Open",
    done="done",
    under_way="at {n} of {total}",
    unreadable="cannot be opened",
    blank="There is nothing to send yet. If you don't know the answer, write “I don't know”.",
    too_long="That is too long ({length:,} characters, the limit is {limit:,}). It was not sent and is still in the box; please shorten it.",
    stale="This question was answered in another tab. The page now shows the true state; your text was not sent and is still in the box.",
    waiting="The answer before is still being graded. Your text is still in the box; please send it again in a moment.",
    reconnected="The connection was renewed and the interview loaded again. Your text has not been sent yet; check the question and send it again.",
    not_found="There is no such interview.",
    nothing_chosen="Please choose at least one topic.",
    failed="Something went wrong: {error}",
    failed_kept="Something went wrong: {error}. Saved answers show in the conversation; what was not sent is still in the box.",
)


def texts(language: Language) -> Texts:
    """The page's texts in a language."""
    return _EN if language == "en" else _KO
