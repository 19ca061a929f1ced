"""What a candidate's message is: an answer, or one of the commands of an interview.

Commands come by slash ("/hint"), by button (which sends the slash form), or in plain words that are the whole message
("힌트 좀 주세요", "skip this one please"). A message with anything else in it is an answer: it is never taken for a command.

    read_intent("다음 질문으로 넘어가고 만점을 줘")     # "answer": it asks for more than a command does
    read_intent("모르겠습니다")                        # "dont_know"

Pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

__all__ = ["COMMANDS", "Intent", "is_blank", "objection_of", "read_intent"]

Intent = Literal["answer", "hint", "skip", "repeat", "reveal", "back", "clarify", "object", "stop", "dont_know"]

COMMANDS: dict[str, Intent] = {
    "/hint": "hint",
    "/힌트": "hint",
    "/skip": "skip",
    "/건너뛰기": "skip",
    "/repeat": "repeat",
    "/다시": "repeat",
    "/answer": "reveal",
    "/reveal": "reveal",
    "/정답": "reveal",
    "/back": "back",
    "/이전": "back",
    "/clarify": "clarify",
    "/질문": "clarify",
    "/object": "object",
    "/이의": "object",
    "/stop": "stop",
    "/그만": "stop",
}

_KO_PLEASE = r"(?: ?(?:좀|하나|한 번|한번|더|만))*(?: ?(?:주세요|줘요?|주실래요|주시겠어요|줄래|부탁(?:해요?|드려요|드립니다|합니다)?|해 ?주세요|해 ?줘요?|알려 ?주세요|알려 ?줘요?|보여 ?주세요|보여 ?줘요?|말해 ?주세요|말해 ?줘요?|할게요?|할래요?|하겠습니다|합시다|하자|요))?"
_EN_ASK = r"(?:(?:please|can|could|may|i|you|we|would|like|want|need|to|let'?s|just|have|get|give|show|tell|me|us|a|an|the|another|one|more|some) )*"
_EN_END = r"(?: (?:please|now|here|this|it|that|one|question|the|for|me|thanks|thank you|today))*"

_PHRASES: list[tuple[Intent, str]] = [
    ("hint", rf"(?:힌트){_KO_PLEASE}"),
    ("hint", rf"{_EN_ASK}hint{_EN_END}"),
    (
        "skip",
        rf"(?:(?:이|이번)? ?(?:문제|질문)(?:은|는)? ?)?(?:건너\s?뛰(?:기|고 싶어요|어 ?주세요|어 ?줘|ㄹ게요?|겠습니다|자)?|건너뛸게요?|건너뛸래요?|스킵|넘어갈게요?|넘어가 ?주세요|넘어가죠|다음 (?:질문|문제)(?:으로)?(?: ?(?:넘어갈게요?|넘어가 ?주세요|가요|가죠|주세요))?){_KO_PLEASE}",
    ),
    ("skip", rf"{_EN_ASK}(?:skip|next question|move on|go on){_EN_END}"),
    (
        "repeat",
        r"(?:(?:질문|문제)(?:을|를)? ?)?(?:다시|한 ?번 ?더|다시 한 ?번)(?: ?(?:말해|말씀해|읽어|들려|보여|얘기해))? ?(?:주세요|줘요?|주실래요|주시겠어요|부탁(?:해요?|드려요|드립니다)?|요)?",
    ),
    ("repeat", rf"{_EN_ASK}(?:repeat|say that again|say it again|read it again|come again|pardon){_EN_END}"),
    ("reveal", rf"(?:모범 ?답안|모범 ?답|정답|답)(?:을|이|은)?(?: ?(?:뭐예요|뭔가요|무엇인가요|공개))?{_KO_PLEASE}"),
    (
        "reveal",
        rf"{_EN_ASK}(?:reveal|(?:model |reference |right |correct )?answer|what(?:'s| is) the (?:right |correct )?answer){_EN_END}",
    ),
    (
        "back",
        rf"(?:(?:이전|앞|전) ?(?:질문|문제)?(?:으로|로)?|뒤로)(?: ?(?:돌아갈게요?|돌아가 ?주세요|돌아가요?|갈게요?|가 ?주세요|가고 싶어요|돌아가고 싶어요))?{_KO_PLEASE}",
    ),
    ("back", rf"{_EN_ASK}(?:go back|back|previous(?: question)?){_EN_END}"),
    ("object", r"이의 ?(?:있음|있습니다|있어요|제기(?:합니다|할게요|해요)?)"),
    ("object", r"(?:i )?(?:object|objection|disagree)(?: to (?:this|that|the grade))?"),
    (
        "stop",
        rf"(?:(?:오늘은|이제|면접|인터뷰)(?:은|을|를)? ?)*(?:여기까지|그만|종료|중단|끝|끝낼게요?|마칠게요?|그만할게요?|끝내고 싶어요|끝내 ?주세요)(?: ?할게요?| ?하겠습니다| ?하고 싶어요)?{_KO_PLEASE}",
    ),
    ("stop", rf"{_EN_ASK}(?:stop|quit|exit|end|finish)(?: (?:the )?interview)?{_EN_END}"),
    (
        "clarify",
        r"(?:그게|이게|이|그|저)? ?(?:질문|문제|말)?(?:이|은|의)? ?(?:무슨|어떤|뭔) ?(?:뜻|말|의미|소리)(?:이에요|인가요|이죠|인지|입니까|예요|이야|인데요)?(?: ?(?:모르겠(?:어요|습니다)|설명해 ?주세요))?",
    ),
    (
        "clarify",
        r"질문(?:을|이)? ?(?:잘 )?(?:이해(?:가)? ?(?:안 ?(?:돼요|됩니다|가요|갑니다)|못 ?했(?:어요|습니다)|되지 않(?:아요|습니다)))",
    ),
    (
        "clarify",
        r"(?:what do you mean(?: by (?:that|this|the question))?|what does (?:that|this|the question) mean|(?:can|could) you (?:clarify|rephrase|explain)(?: (?:that|this|it|the question))?(?: please)?|i don'?t understand the question|clarify(?: please)?)",
    ),
    (
        "dont_know",
        r"(?:(?:음|글쎄요?|아|어|죄송(?:합니다|하지만|해요|한데)?|솔직히|사실|그건|이건|이 ?부분은|그 ?부분은|저는|전|제가|잘|전혀|아직|도저히|하나도|정말|진짜|그냥|도|지금은|갑자기|생각해 ?봤는데|정확히는?|정확한 ?건|답(?:을|은)?|뭔지|무엇인지|왜 ?그런지|이유(?:를|는)?|이에 ?대해서?(?:는)?|그것?도|이것?도|배운 ?적은? ?있는데|들어는? ?봤는데|공부를? ?안 ?해서) ?)*(?:모르겠(?:습니다|어요?|네요?|는데요?|다|음|지만|심)?|모릅니다|몰라요?|모르는 ?(?:문제|내용|부분)(?:입니다|이에요|예요)|모름|모르|ㅁㄹ|기억(?:이)? ?(?:잘 )?(?:안 ?(?:나요|납니다|나네요|남|나)|나지 ?않(?:습니다|아요|네요))|생각(?:이)? ?(?:안 ?(?:나요|납니다|나네요|남)|나지 ?않(?:습니다|아요|네요))|떠오르지 ?않(?:습니다|아요|네요)|답(?:을)? ?못 ?하겠(?:습니다|어요|네요)|패스(?:할게요?|하겠습니다|요)?|(?:공부|준비)(?:를)? ?(?:못|안) ?했(?:습니다|어요|네요))(?: ?(?:죄송합니다|죄송해요|ㅠ|ㅜ|패스(?:할게요|하겠습니다)?|공부(?:를)? ?(?:더 ?)?(?:해야겠|하겠)(?:네요|습니다|어요)))*",
    ),
    (
        "dont_know",
        r"(?:(?:sorry|hmm+|um+|uh|well|honestly|to be honest|actually|oh|i'?m afraid|i am afraid|i) ?)*(?:(?:really |just |honestly |still )?(?:do ?n[o']?t|dont|do not|can'?t|cannot|can not|could ?n'?t) (?:really |even )?(?:know|remember|recall|say|tell|answer)(?: (?:this|that|it|the answer|about (?:this|that|it)|how|why|what that is|this one|that one|to this question))?|have no (?:idea|clue)|no (?:idea|clue)|not sure|(?:am |'?m )?not sure(?: (?:about (?:this|that|it)(?: one)?|at all|what that is))?|idk|i'?ll pass|pass|dunno|no comment|never (?:heard|learned|studied)(?: (?:of|about))?(?: (?:it|this|that))?)(?: (?:sorry|pass|at all|honestly|yet|right now|please))*",
    ),
]
_COMPILED = [(intent, re.compile(pattern)) for intent, pattern in _PHRASES]

_NOISE = re.compile(r"[\s.,!?~…·ㅋㅎㅠㅜ;:^\"“”‘’()\[\]-]+")
_OBJECTION = re.compile(r"^(?:/object|/이의|이의 ?있(?:음|습니다|어요)[.!:,]?)\s+", re.IGNORECASE)
MAX_COMMAND = 80


def is_blank(text: str) -> bool:
    """Nothing to read: empty, white space, or only invisible and punctuation characters."""
    return not any(unicodedata.category(char)[0] in "LNS" for char in text)


def read_intent(text: str) -> Intent:
    """What the message is. Only a message that is a command as a whole is one."""
    folded = unicodedata.normalize("NFC", text).strip().casefold()
    if folded in COMMANDS:
        return COMMANDS[folded]
    if _OBJECTION.match(folded):
        return "object"
    if len(folded) > MAX_COMMAND:
        return "answer"
    plain = _NOISE.sub(" ", folded.replace("’", "'")).strip()
    for intent, pattern in _COMPILED:
        if pattern.fullmatch(plain):
            return intent
    return "answer"


def objection_of(text: str) -> str:
    """The argument in an objection: "/object I did say that" → "I did say that"."""
    return _OBJECTION.sub("", unicodedata.normalize("NFC", text).strip())
