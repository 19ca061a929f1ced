"""The interviewer as an application: start, reply, resume, regrade. The terminal, the web page and the tests all use this.

    interviewer = Interviewer(Settings.load())
    view = interviewer.start(Options(language="ko", topics=("1",)))
    for event in interviewer.reply(view.id, "sigmoid는 exp 연산 때문에 비싸요"):
        ...
    interviewer.view(view.id).current        # the next question, as it is to be asked

One instance serves any number of interviews and threads: it holds settings, the database and compiled things, and nothing
of any interview. What opens slowly (Chroma, Kiwi, a provider's client) is opened when it is first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from interviewer import wording
from interviewer.calls import Cancel, Patience
from interviewer.critique import TONES, Language, Tone
from interviewer.endpoints import FILE, Endpoints
from interviewer.errors import AlreadyAnswered, StoreError, UserMistake
from interviewer.interview import Move, State, replay
from interviewer.plan import FollowUps, Plan, make_plan
from interviewer.settings import Settings
from interviewer.store import InterviewRow, Store, TurnRow
from interviewer.usage import Purse, total_cost
from knowledge.answer_key import AnswerKey, with_fresh_numbers
from knowledge.library import Book, Library

if TYPE_CHECKING:
    from interviewer.agent import Event, Tools, TurnState
    from interviewer.grader import Grader, Grading
    from knowledge.index import Index, Passage
    from prompts.loader import Prompt

__all__ = ["Asked", "Interviewer", "Options", "View"]

OFFLINE = "offline"
LOCKS = 256
"""Interviews share this many locks; two that fall on one wait for each other's turn, which does no harm."""


@dataclass(frozen=True)
class Options:
    """What a candidate chooses. ``topics`` are main question ids, None for all; ``model`` overrides the settings."""

    language: Language = "ko"
    topics: tuple[str, ...] | None = None
    follow_ups: FollowUps = "all"
    document: str | None = None
    tone: Tone = "plain"
    probes: bool = True
    model: str | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Asked:
    """The question that waits for a reply: its text as asked, with what a listener would have in front of them."""

    question_id: str
    text: str
    number: int
    context: str = ""
    figure: str | None = None
    probe: str | None = None
    hints_given: int = 0


@dataclass(frozen=True)
class View:
    """An interview as it stands. ``current`` is None when it is over; ``pending`` is a reply that has no result yet."""

    row: InterviewRow
    turns: tuple[TurnRow, ...]
    state: State
    current: Asked | None

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def language(self) -> Language:
        return "en" if self.row.settings.get("language") == "en" else "ko"

    @property
    def pending(self) -> TurnRow | None:
        return next((turn for turn in self.turns if turn.result is None), None)

    @property
    def finished(self) -> bool:
        return self.current is None

    @property
    def ungraded(self) -> tuple[TurnRow, ...]:
        """Answers that no model gave a judgement on, so that they may be judged again."""
        return tuple(turn for turn in self.turns if turn.result and turn.result.error and is_answer(turn))


def is_answer(turn: TurnRow) -> bool:
    """Whether a turn has a result that is or should be a grade."""
    return turn.result is not None and turn.result.kind in ("answer", "probe")


class Interviewer:
    """See the module. ``library``, ``store``, ``grader`` and ``patience`` can be given, for tests and evaluations."""

    def __init__(
        self,
        settings: Settings,
        *,
        library: Library | None = None,
        store: Store | None = None,
        grader: Grader | None = None,
        patience: Patience | None = None,
        help_prompt: Prompt | None = None,
    ) -> None:
        self.settings = settings
        self.library = library or Library(settings.home)
        self._store = store
        self._help_prompt = help_prompt
        self._graders: dict[tuple[str, ...], Grader] = {settings.models: grader} if grader else {}
        self._patience = patience
        self._endpoints = Endpoints(settings.home / FILE)
        self._running: dict[str, Cancel] = {}
        self._indexes: dict[str, Index] = {}
        self._lock = threading.RLock()
        self._turn_locks = [threading.Lock() for _ in range(LOCKS)]

    @cached_property
    def store(self) -> Store:
        """The database, opened and migrated at the first use."""
        return self._store or Store.at(self.settings.home, self.settings.database_url)

    def close(self) -> None:
        """Release the database and the search index."""
        if "store" in self.__dict__:
            self.store.close()
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()

    def start(self, options: Options, owner: str = "local", key: str | None = None) -> View:
        """A new interview.

        Args:
            key: a key of the session's own for the models, used for this call and kept nowhere.

        Raises:
            UserMistake: a document, topic, tone or model that does not exist.
        """
        book = self.library.open(options.document)
        plan = make_plan(book.bank, options.topics, options.follow_ups)
        for main_id in dict.fromkeys(question_id.partition(".")[0] for question_id in plan.question_ids):
            book.topic(main_id)  # a rubric that can't be read is found now, not in the middle
        if options.tone not in TONES:
            raise UserMistake(f"there is no tone {options.tone!r}; choose among {', '.join(TONES)}")
        models = self._models(options.model)
        chosen = {**asdict(options), "document": book.name, "models": list(models)}
        row = InterviewRow(book.name, book.bank.sha256, plan.question_ids, chosen, owner)
        self.grader(models, key)
        self.store.add_interview(row)
        return self.view(row.id, owner)

    def view(self, interview_id: str, owner: str | None = None) -> View:
        """An interview as it stands. ``owner`` None sees all owners' (the command line); the web page passes its own."""
        row = self.store.interview(interview_id, owner)
        turns = tuple(self.store.turns(row.id))
        state = replay(Plan(row.plan), _moves(turns))
        return View(row, turns, state, self._asked(row, state))

    def reply(
        self,
        interview_id: str,
        text: str,
        owner: str | None = None,
        n: int | None = None,
        probes: bool | None = None,
        key: str | None = None,
    ) -> Iterator[Event]:
        """One turn: commit the reply, then yield what there is to show while it is read and judged.

        Args:
            probes: whether this answer may be probed; by default as the interview's options say.
            n: the turn's number as the caller saw it (``len(view.turns) + 1``); a reply for a place that is taken
                (a double submit) is refused.
            key: a key of the session's own for the models, used for this turn and kept nowhere.

        Raises:
            UserMistake: the interview is over or is not the owner's.
            AlreadyAnswered: place ``n`` has a reply.
        """
        from interviewer.agent import turn_graph

        interview_id = self.store.interview(interview_id, owner).id
        with self._turn_lock(interview_id):
            view = self._settled(self.view(interview_id, owner))
            if n is not None and n != len(view.turns) + 1:
                raise AlreadyAnswered(f"turn {n} is not the next one of this interview; reload it")
            with self._cancellable(view.id) as cancel:
                given, tools = self._given(view, _next_turn(view, text), probes, cancel, key)
                events: Iterator[Any] = turn_graph().stream(given, context=tools, stream_mode="custom")
                # "yield from" would first end the graph, which waits for its model, and cancel then.
                for event in events:  # noqa: UP028
                    yield event

    def take(self, view: View, text: str, probes: bool | None = None) -> View:
        """One turn of which only the outcome matters (a script's), from a view that nobody else has gone on from.

        Returns:
            The interview as it stands then.

        Raises:
            UserMistake: the interview is over.
            AlreadyAnswered: somebody else has answered since.
        """
        with self._turn_lock(view.id):
            view = self._settled(view)
            self._finish(view, _next_turn(view, text), probes)
            return self.view(view.id)

    def cancel(self, interview_id: str, owner: str | None = None) -> bool:
        """Stop the judging that goes on in an interview: its request is closed, and the reply is kept as not graded.
        Whether there was anything to stop."""
        running = self._running.get(self.store.interview(interview_id, owner).id)
        if running is not None:
            running.set()
        return running is not None

    def cancel_all(self) -> None:
        """Stop all judging of this process."""
        for running in list(self._running.values()):
            running.set()

    def resume(self, interview_id: str, owner: str | None = None) -> View:
        """The interview, with a reply that was still pending when its process ended now judged."""
        interview_id = self.store.interview(interview_id, owner).id
        with self._turn_lock(interview_id):
            return self._settled(self.view(interview_id, owner))

    def regrade(
        self,
        interview_id: str,
        model: str | None = None,
        owner: str | None = None,
        *,
        ungraded_only: bool = False,
        key: str | None = None,
    ) -> Iterator[tuple[TurnRow, Grading]]:
        """Judge the answers of an interview once more, with another model or because they were not graded.

        All results are kept and the new one counts, unless it is not graded and the old one was.

        Args:
            ungraded_only: only those that have no grade.
            key: a key of the session's own for the models.
        """
        from interviewer.agent import regraded

        view = self.resume(interview_id, owner)
        grader = self.grader(self._models(model), key)
        book = self.library.open(view.row.document)
        with self._turn_lock(view.id), self._cancellable(view.id) as cancel:
            for turn in view.ungraded if ungraded_only else filter(is_answer, view.turns):
                if cancel.wished:
                    return
                tools = self._tools(self.view(view.id), grader, cancel)
                yield turn, regraded(tools, view.row, _key(book, view.row, turn.question_id), view.turns, turn)

    def grader(self, models: tuple[str, ...] | None = None, key: str | None = None) -> Grader:
        """The grader over these models (the settings' by default), opened once; anew with a session's own key.

        Raises:
            UserMistake: a model can't be opened.
        """
        wanted = models or self.settings.models
        if key:
            return self._open_grader(wanted, key)
        with self._lock:
            if wanted not in self._graders:
                self._graders[wanted] = self._open_grader(wanted)
            return self._graders[wanted]

    def _open_grader(self, models: tuple[str, ...], key: str | None = None) -> Grader:
        from interviewer.grader import Grader
        from interviewer.models import open_model
        from prompts.loader import load

        endpoints, api = self._endpoints, self.settings.openai_api
        opened = [open_model(m, self.library, endpoints=endpoints, openai_api=api, key=key) for m in models]
        return Grader(opened, load("judge"), patience=self._patience)

    def _grader_or_none(self, models: tuple[str, ...], key: str | None) -> Grader:
        """The grader; where its models can't be opened any more (a key is gone), one that grades nothing and says so: a
        reply is kept whatever becomes of it."""
        try:
            return self.grader(models, key)
        except UserMistake:
            from interviewer.grader import Grader
            from prompts.loader import load

            return Grader((), load("judge"), failures=[(",".join(models), "no_key")])

    def index(self, book: Book) -> Index:
        """The search index of a document, built or brought up to date at its first use in this process."""
        with self._lock:
            if book.name not in self._indexes:
                from knowledge.embeddings import embeddings
                from knowledge.index import Index

                made = embeddings(self.settings.embeddings)
                index = Index.open(self.settings.home, self.settings.chroma_url, made, book.name)
                index.refresh(book.bank)
                self._indexes[book.name] = index
            return self._indexes[book.name]

    def _settled(self, view: View) -> View:
        """The view with pending replies judged, the first one first."""
        while view.pending is not None:
            self._finish(replace(view, turns=view.turns[: view.pending.n - 1]), view.pending)
            view = self.view(view.id)
        return view

    def _finish(self, view: View, turn: TurnRow, probes: bool | None = None) -> None:
        """Do a turn that nobody watches. Without a stream, LangGraph runs it in this very thread."""
        from interviewer.agent import turn_graph

        with self._cancellable(view.id) as cancel:
            given, tools = self._given(view, turn, probes, cancel)
            turn_graph().invoke(given, context=tools)

    def _given(
        self, view: View, turn: TurnRow, probes: bool | None, cancel: Cancel, key: str | None = None
    ) -> tuple[TurnState, Tools]:
        """What the graph of a turn starts from, and what it works with."""
        book = self.library.open(view.row.document)
        objected = next((t for t in reversed(view.turns) if t.result and t.result.graded), None)
        given: TurnState = {
            "interview": view.row,
            "key": _key(book, view.row, turn.question_id),
            "state": view.state,
            "earlier": list(view.turns),
            "turn": turn,
            "may_probe": view.row.settings.get("probes", True) if probes is None else probes,
            "objected": objected,
            "objected_key": _key(book, view.row, objected.question_id) if objected else None,
        }
        grader = self._grader_or_none(tuple(view.row.settings["models"]), key)
        return given, self._tools(view, grader, cancel)

    @contextmanager
    def _cancellable(self, interview_id: str) -> Iterator[Cancel]:
        """Judging that ``cancel`` can stop while it goes on, and that stops when nobody waits for it any more."""
        cancel = self._running[interview_id] = Cancel()
        try:
            yield cancel
        except BaseException:
            cancel.set()
            raise
        finally:
            self._running.pop(interview_id, None)

    def _tools(self, view: View, grader: Grader, cancel: Cancel) -> Tools:
        from interviewer.agent import Tools

        book = self.library.open(view.row.document)

        def search(query: str, k: int) -> list[Passage]:
            return self.index(book).search(query, k)

        return Tools(self.store, grader, search, self.settings.max_reply, cancel, self.purse(view), self._help_prompt)

    def purse(self, view: View) -> Purse:
        """What the interview has spent so far, of the budget for one."""
        results = [result for turn in view.turns for result in turn.results if result.model != OFFLINE]
        spent = sum(result.tokens_input + result.tokens_output for result in results)
        return Purse(self.settings.budget, spent, total_cost(result.cost for result in results))

    def _asked(self, row: InterviewRow, state: State) -> Asked | None:
        if state.current is None:
            return None
        book = self.library.open(row.document)
        if book.bank.sha256 != row.document_sha256:
            raise StoreError(f"the document {row.document} has changed since this interview began; start a new one")
        key = _key(book, row, state.current)
        language: Language = "en" if row.settings.get("language") == "en" else "ko"
        return Asked(
            question_id=key.question_id,
            text=wording.asked(key, language, state.awaiting_probe),
            number=state.position + 1,
            context=key.context[language] if key.context else "",
            figure=key.figure,
            probe=state.awaiting_probe,
            hints_given=state.hints.get(key.question_id, 0),
        )

    def _models(self, spec: str | None) -> tuple[str, ...]:
        return Settings.load(model=spec).models if spec else self.settings.models

    @contextmanager
    def _turn_lock(self, interview_id: str) -> Iterator[None]:
        """One turn at a time in one interview of this process; between processes the database decides."""
        with self._turn_locks[hash(interview_id) % LOCKS]:
            yield


def _key(book: Book, row: InterviewRow, question_id: str) -> AnswerKey:
    """What a question of this interview is graded by: with the interview's own numbers if it was given a seed."""
    seed = row.settings.get("seed")
    key = book.key(question_id)
    return key if seed is None else with_fresh_numbers(key, seed)


def _next_turn(view: View, text: str) -> TurnRow:
    if view.current is None:
        raise UserMistake("this interview is over; start a new one")
    asked = view.current
    return TurnRow(len(view.turns) + 1, asked.question_id, asked.text, text, asked.probe)


def _moves(turns: Sequence[TurnRow]) -> list[Move]:
    return [Move(t.question_id, t.result.kind, t.result.probe) for t in turns if t.result]  # type: ignore[arg-type]
