"""Serve the page on this machine: 127.0.0.1 only, nothing loaded from anywhere else.

    serve(port=7860)        # until Ctrl-C

Gradio's app is mounted and run here rather than with ``launch()``, which looks for proxies, share links and other ports.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.errors import UserMistake

if TYPE_CHECKING:
    from fastapi import FastAPI

    from interviewer.service import Interviewer

__all__ = ["HOST", "PortInUse", "bind", "make_server_app", "serve", "warm_up"]

HOST = "127.0.0.1"
GRACE_SECONDS = 2
"""How long open pages keep the server from ending after Ctrl-C. Replies are committed before they are judged."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""The browser loads nothing from elsewhere, whatever a page holds. Gradio's own scripts need inline and eval."""


class PortInUse(UserMistake):
    """Another program listens on the port."""


def serve(port: int) -> None:
    """Serve until interrupted.

    Raises:
        PortInUse: another program has the port.
        UserMistake, StoreError: a model or a database that can't be used: said now, not to the first candidate.
        KeyboardInterrupt: Ctrl-C, after the server has shut down.
    """
    with bind(port) as listening:
        from interviewer.logs import log_to
        from interviewer.service import Interviewer
        from interviewer.settings import Settings

        settings = Settings.load()
        log_to(settings.log)
        interviewer = Interviewer(settings)
        try:
            _ = interviewer.grader(), interviewer.store
            _run(interviewer, listening, port)
        finally:
            interviewer.close()


def _run(interviewer: Interviewer, listening: socket.socket, port: int) -> None:
    with tempfile.TemporaryDirectory(prefix="mock-interviewer-", ignore_cleanup_errors=True) as folder:
        _keep_to_ourselves(Path(folder))
        import uvicorn

        class Server(uvicorn.Server):
            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                """Pages that are still open are cut off; uvicorn would log each as an error with its traceback."""
                logging.getLogger("uvicorn.error").disabled = True
                await super().shutdown(sockets)

        app = make_server_app(interviewer, port)
        threading.Thread(target=warm_up, args=(interviewer,), daemon=True).start()
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS, ws="none")
        print(f"Mock interviewer: http://{HOST}:{port} (Ctrl-C to stop)", flush=True)
        Server(config).run(sockets=[listening])


def bind(port: int) -> socket.socket:
    """A socket on the port, before anything slow is loaded."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise PortInUse(f"port {port} can't be used ({reason}); choose another with --port or PORT") from None
    return listening


def make_server_app(interviewer: Interviewer, port: int) -> FastAPI:
    """The page as an ASGI app, with its style, its script and its content policy."""
    import gradio as gr
    from fastapi import FastAPI

    from ui.app import build_app
    from ui.theme import dress

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_Policy)
    gr.mount_gradio_app(
        app,
        build_app(interviewer),
        path="/",
        server_name=HOST,
        server_port=port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=0,
        **dress(),
    )
    return app


def warm_up(interviewer: Interviewer) -> None:
    """Load what the first reply would wait for. A hosted model is not called: that would cost money."""
    from interviewer.agent import turn_graph
    from interviewer.errors import InterviewerError
    from interviewer.grader import Said
    from interviewer.models import OFFLINE

    try:
        book = interviewer.library.open()
        grader, question_id = interviewer.grader(), book.topics[0]
        turn_graph()
        interviewer.index(book).search(book.bank[question_id].text, 1)
        if grader.models[0].id == OFFLINE:
            grader.grade(book.key(question_id), [Said("candidate", book.bank[question_id].text)])
    except (UserMistake, InterviewerError, OSError) as error:
        print(f"warning: {error}", flush=True)


class _Policy:
    """ASGI middleware: the content policy on every response."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (b"content-security-policy", POLICY.encode()),
                    (b"referrer-policy", b"no-referrer"),
                    (b"x-content-type-options", b"nosniff"),
                ]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)


def _keep_to_ourselves(folder: Path) -> None:
    """No telemetry, no update check; temporary files in a folder that goes when the server does."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "gradio")
    tempfile.tempdir = str(folder)
