"""The page: which components there are, and which handler each event calls.

    demo = build_app(Interviewer(Settings.load()))

A session's ``gr.State`` holds the interview's id and nothing else; the owner's token is kept by the browser
(``gr.BrowserState``), so whoever comes back finds their interviews. Handlers yield ``Page``s, ``_drawn`` turns one into
the values of all components that change, ``_labelled`` writes the texts of a language on those that don't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import Any

import gradio as gr

from interviewer.critique import TONES, Language
from interviewer.models import OFFLINE
from interviewer.service import Interviewer
from ui.handlers import BUTTONS, Handlers, Page, owner_of
from ui.texts import Texts, texts

__all__ = ["build_app"]

TURNS = 16
"""Turns that are worked on at the same time; the rest waits its turn."""
READS = 32

REPORT_SECONDS = 3600
"""Reports made for a download are deleted after this time."""

LANGUAGES = (("한국어", "ko"), ("English", "en"))
_Label = Callable[[Texts, Language, str | None], dict[str, Any]]


def build_app(interviewer: Interviewer) -> gr.Blocks:
    """The app over one interviewer, which all its sessions share."""
    demo = gr.Blocks(title=texts("ko").title, analytics_enabled=False, delete_cache=(REPORT_SECONDS, REPORT_SECONDS))
    with demo:
        _Screen(interviewer).build(demo)
    return demo


class _Screen:
    """The components while the app is being built. Nothing of a session is kept here."""

    def __init__(self, interviewer: Interviewer) -> None:
        self.interviewer = interviewer
        self.handlers = Handlers(interviewer)
        self.labels: list[tuple[Any, _Label]] = []

    def build(self, demo: gr.Blocks) -> None:
        words = texts("ko")
        self.owner = gr.BrowserState(None, storage_key="mock-interviewer-owner", secret="mock-interviewer")
        self.speaks = gr.BrowserState("ko", storage_key="mock-interviewer-language", secret="mock-interviewer")
        self.interview = gr.State(None)
        self.n = gr.Number(0, precision=0, visible=False)
        self.title = gr.HTML(elem_id="title")
        self._start_form(words)
        with gr.Column(visible=False, elem_id="end") as self.end:
            self.summary = gr.HTML()
            with gr.Row(elem_id="downloads"):
                self.downloads = [gr.DownloadButton(label, size="md", min_width=150) for label in words.downloads]
            self.again = gr.Button(words.again, variant="primary")
        self.progress = gr.HTML(visible=False, elem_id="progress")
        self.chat = gr.Chatbot(
            visible=False,
            label=words.chat,
            show_label=False,
            elem_id="chat",
            height="auto",
            layout="bubble",
            buttons=[],
            latex_delimiters=[],
            sanitize_html=True,
            allow_tags=False,
            group_consecutive_messages=False,
            feedback_options=None,
        )
        self.notice = gr.HTML(visible=False, elem_id="notice")
        self.halt = gr.Button(words.halt, visible=False, size="sm", elem_id="halt")
        with gr.Row(visible=False, elem_id="mend") as self.mend:
            self.mend_text = gr.HTML()
            self.grade_again = gr.Button(words.grade_again, size="sm", min_width=88, elem_id="grade-again")
            self.grade_offline = gr.Button(words.grade_offline, size="sm", min_width=88, elem_id="grade-offline")
        self._composer(words)
        with gr.Column(visible=False, elem_id="earlier") as self.earlier_box:
            self.earlier = gr.Dropdown([], label=words.earlier, info=words.earlier_info, filterable=False)
            self.open = gr.Button(words.open, size="md")
        self._label_all()
        self._events(demo)

    def _start_form(self, words: Texts) -> None:
        library = self.interviewer.library
        with gr.Column(visible=False, elem_id="start") as self.start:
            self.note = gr.HTML(elem_id="note")
            self.language = gr.Radio(LANGUAGES, value="ko", label=words.language, elem_id="language")
            self.document = gr.Dropdown(
                library.names, value=library.names[0], label=words.document, visible=len(library.names) > 1
            )
            self.topics = gr.CheckboxGroup(**self._topics("ko"), label=words.topics, elem_id="topics")
            with gr.Row(elem_id="choose"):
                self.choose_all = gr.Button(words.choose_all, size="sm", min_width=90)
                self.choose_none = gr.Button(words.choose_none, size="sm", min_width=90)
            with gr.Row():
                self.follow_ups = gr.Checkbox(True, label=words.follow_ups, info=words.follow_ups_info, min_width=250)
                self.probes = gr.Checkbox(True, label=words.probes, info=words.probes_info, min_width=250)
            tones = list(zip(words.tones, TONES, strict=True))
            self.tone = gr.Radio(tones, value=TONES[0], label=words.tone, elem_id="tone")
            self.key = gr.Textbox(
                label=words.key,
                info=words.key_info,
                type="password",
                max_lines=1,
                elem_id="key",
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            )
            self.begin = gr.Button(words.start, variant="primary", size="lg", elem_id="begin")

    def _composer(self, words: Texts) -> None:
        with gr.Column(visible=False, elem_id="composer") as self.composer:
            with gr.Row(elem_id="answer", equal_height=True):
                self.reply = gr.Textbox(
                    label=words.reply,
                    show_label=False,
                    placeholder=words.reply_hint,
                    lines=1,
                    max_lines=10,
                    scale=1,
                    autofocus=True,
                    elem_id="reply",
                    html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
                )
                self.send = gr.Button(words.send, variant="primary", scale=0, min_width=96, elem_id="send")
            with gr.Row(elem_id="commands"):
                self.commands = {
                    name: gr.Button(getattr(words, name), size="sm", min_width=88, elem_id=f"do-{name}")
                    for name in BUTTONS
                }
                self.home = gr.Button(words.home, size="sm", min_width=88, elem_id="home")
            with gr.Column(visible=False, elem_id="stop-sure") as self.sure:
                self.sure_text = gr.HTML()
                with gr.Row():
                    self.stop_no = gr.Button(words.stop_no, size="sm")
                    self.stop_yes = gr.Button(words.stop_yes, size="sm", variant="stop")
            self.help = gr.HTML(elem_id="help")

    def _label_all(self) -> None:
        """Which text stands on which component."""

        def on(component: Any, **properties: Callable[[Texts], Any]) -> None:
            self.labels.append((component, lambda w, _l, _d: {name: get(w) for name, get in properties.items()}))

        on(self.title, value=lambda w: f"<h1>{w.title}</h1>")
        on(self.note, value=self._note)
        library = self.interviewer.library
        on(
            self.document,
            label=lambda w: w.document,
            choices=lambda w: library.names,
            visible=lambda w: len(library.names) > 1,
        )
        self.labels.append((self.topics, self._topic_labels))
        on(self.choose_all, value=lambda w: w.choose_all)
        on(self.choose_none, value=lambda w: w.choose_none)
        on(self.follow_ups, label=lambda w: w.follow_ups, info=lambda w: w.follow_ups_info)
        on(self.probes, label=lambda w: w.probes, info=lambda w: w.probes_info)
        on(self.tone, label=lambda w: w.tone, choices=lambda w: list(zip(w.tones, TONES, strict=True)))
        on(self.key, label=lambda w: w.key, info=lambda w: w.key_info)
        on(self.begin, value=lambda w: w.start)
        on(self.halt, value=lambda w: w.halt)
        on(self.mend_text, value=lambda w: f'<p role="status">{w.mend}</p>')
        on(self.grade_again, value=lambda w: w.grade_again)
        on(self.grade_offline, value=lambda w: w.grade_offline)
        on(self.chat, label=lambda w: w.chat)
        on(self.reply, label=lambda w: w.reply, placeholder=lambda w: w.reply_hint)
        on(self.send, value=lambda w: w.send)
        for name, button in self.commands.items():
            on(button, value=attrgetter(name))
        on(self.home, value=lambda w: w.home)
        on(self.sure_text, value=lambda w: f'<p role="alert">{w.stop_sure}</p>')
        on(self.stop_no, value=lambda w: w.stop_no)
        on(self.stop_yes, value=lambda w: w.stop_yes)
        on(self.help, value=lambda w: w.help)
        for index, download in enumerate(self.downloads):
            self.labels.append((download, partial(_download_label, index)))
        on(self.again, value=lambda w: w.again)
        on(self.earlier, label=lambda w: w.earlier, info=lambda w: w.earlier_info)
        on(self.open, value=lambda w: w.open)

    def _note(self, words: Texts) -> str:
        models = self.interviewer.settings.models
        shown = words.grades_offline if models[0] == OFFLINE else words.grades_model.format(model=", ".join(models))
        return f'<p class="lead">{words.lead}</p><p class="grades">{shown}</p>'

    def _topic_labels(self, words: Texts, language: Language, document: str | None) -> dict[str, Any]:
        return {"label": words.topics, "choices": self._topics(language, document)["choices"]}

    def _topics(self, language: Language, document: str | None = None) -> dict[str, Any]:
        """The topics of a document as choices, all chosen."""
        book = self.interviewer.library.open(document)
        return {
            "choices": [(f"{topic}. {book.title(topic, language)}", topic) for topic in book.topics],
            "value": list(book.topics),
        }

    def _labelled(self, language: Language, document: str | None = None) -> list[Any]:
        words = texts(language)
        made = [gr.update(**label(words, language, document)) for _, label in self.labels]
        return [gr.update(value=language), language, *made]

    def _drawn(self, page: Page) -> list[Any]:
        """The values of ``self.drawn``, in its order."""
        notice = gr.update(value=f'<p role="alert">{page.notice}</p>' if page.notice else "", visible=bool(page.notice))
        if page.screen == "same":
            return [notice, *[gr.skip()] * (len(self.shown) - 1)]
        asking, ended, starting = page.screen == "interview", page.screen == "end", page.screen == "start"
        files = page.files or (None, None, None)
        return [
            notice,
            gr.update(visible=page.judging),
            gr.update(visible=page.ungraded and not page.judging),
            page.interview_id,
            page.n,
            gr.update(visible=starting),
            gr.update(visible=ended),
            gr.update(value=page.progress, visible=asking),
            gr.update(value=list(page.messages), visible=not starting),
            gr.update(visible=asking),
            gr.update(value="") if page.clear else gr.skip(),
            gr.update(visible=False),
            page.summary,
            *(gr.update(value=file) for file in files),
            gr.update(visible=bool(page.earlier)),
            gr.update(choices=list(page.earlier), value=page.earlier[0][1] if page.earlier else None),
        ]

    def _events(self, demo: gr.Blocks) -> None:
        self.shown = [
            self.notice,
            self.halt,
            self.mend,
            self.interview,
            self.n,
            self.start,
            self.end,
            self.progress,
            self.chat,
            self.composer,
            self.reply,
            self.sure,
            self.summary,
            *self.downloads,
            self.earlier_box,
            self.earlier,
        ]
        labelled = [self.language, self.speaks, *(component for component, _ in self.labels)]
        whole = [*self.shown, *labelled]
        turn = [self.owner, self.interview, self.n]
        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        reading = {**hidden, "concurrency_limit": READS, "concurrency_id": "reads"}
        turning = {**hidden, "concurrency_limit": TURNS, "concurrency_id": "turns"}

        def opened(owner: Any, speaks: Any) -> Iterator[list[Any]]:
            token = owner_of(owner)
            for page in self.handlers.opened(token, _language(speaks)):
                yield [token, *self._drawn(page), *self._labelled(page.language)]

        def spoken(owner: str, language: Any, document: str | None) -> Iterator[list[Any]]:
            for page in self.handlers.home(owner, _language(language)):
                yield [*self._drawn(page), *self._labelled(page.language, document)]

        def went_home(owner: str, language: Any) -> Iterator[list[Any]]:
            for page in self.handlers.home(owner, _language(language)):
                yield self._drawn(page)

        def started(owner: str, language: Any, *options: Any) -> Iterator[list[Any]]:
            for page in self.handlers.start(owner, _language(language), *options):
                yield self._drawn(page)

        def looked(owner: str, chosen: str | None, language: Any) -> Iterator[list[Any]]:
            for page in self.handlers.open(owner, chosen, _language(language)):
                yield [*self._drawn(page), *self._labelled(page.language)]

        def replied(
            owner: str, interview_id: str | None, n: int, text: str, language: Any, key: str
        ) -> Iterator[list[Any]]:
            for page in self.handlers.reply(owner, interview_id, n, text or "", _language(language), key or ""):
                yield self._drawn(page)

        def again(offline: bool) -> Callable[..., Iterator[list[Any]]]:
            def handler(owner: str, interview_id: str | None, language: Any, key: str) -> Iterator[list[Any]]:
                for page in self.handlers.again(owner, interview_id, offline, _language(language), key or ""):
                    yield self._drawn(page)

            return handler

        def pressed(name: str) -> Callable[..., Iterator[list[Any]]]:
            def handler(owner: str, interview_id: str | None, n: int, language: Any) -> Iterator[list[Any]]:
                for page in self.handlers.command(name, owner, interview_id, n, _language(language)):
                    yield self._drawn(page)

            return handler

        def topics_of(document: str | None, language: Any) -> dict[str, Any]:
            return gr.update(**self._topics(_language(language), document))

        load = demo.load(opened, [self.owner, self.speaks], [self.owner, *whole], **reading)
        speak = self.language.input(spoken, [self.owner, self.language, self.document], whole, **reading)
        for event in (load, speak):
            event.then(None, self.language, js="(language) => { document.documentElement.lang = language }")
        self.document.input(topics_of, [self.document, self.language], self.topics, **reading)
        self.choose_all.click(topics_of, [self.document, self.language], self.topics, **reading)
        self.choose_none.click(None, None, self.topics, js="() => [[]]")
        options = [self.document, self.topics, self.follow_ups, self.probes, self.tone, self.key]
        self.begin.click(started, [self.owner, self.language, *options], self.shown, **turning)
        said = [*turn, self.reply, self.language, self.key]
        gr.on([self.send.click, self.reply.submit], replied, said, self.shown, **turning)
        self.halt.click(self.handlers.halt, [self.owner, self.interview], None, **reading)
        mended = [self.owner, self.interview, self.language, self.key]
        self.grade_again.click(again(offline=False), mended, self.shown, **turning)
        self.grade_offline.click(again(offline=True), mended, self.shown, **turning)
        for name, button in self.commands.items():
            if name != "stop":
                button.click(pressed(name), [*turn, self.language], self.shown, **turning)
        self.commands["stop"].click(lambda: gr.update(visible=True), None, self.sure, **reading)
        self.stop_no.click(lambda: gr.update(visible=False), None, self.sure, **reading)
        self.stop_yes.click(pressed("stop"), [*turn, self.language], self.shown, **turning)
        gr.on([self.home.click, self.again.click], went_home, [self.owner, self.language], self.shown, **reading)
        # Unprocessed: a server that was restarted knows no choices of this page; the handler checks what it gets.
        self.open.click(looked, [self.owner, self.earlier, self.language], whole, preprocess=False, **reading)


def _download_label(index: int, words: Texts, _language: Language, _document: str | None) -> dict[str, Any]:
    return {"label": words.downloads[index]}


def _language(value: Any) -> Language:
    return "en" if value == "en" else "ko"
