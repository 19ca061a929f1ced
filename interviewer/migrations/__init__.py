"""Alembic migrations of the interview database, run from code (``upgrade``) or by ``alembic -c`` with this folder."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine

from interviewer.store import one_at_a_time

__all__ = ["config", "upgrade"]


def config() -> Config:
    """Alembic's configuration, without an ini file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    return made


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest revision; two processes that start at once do it one after the other."""
    made = config()
    with engine.begin() as connection:
        one_at_a_time(connection)
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
