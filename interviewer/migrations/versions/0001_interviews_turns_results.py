"""Interviews, turns and results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "interviews",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, index=True),
        sa.Column("document", sa.String(255), nullable=False),
        sa.Column("document_sha256", sa.String(64), nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("interview_id", sa.String(36), sa.ForeignKey("interviews.id"), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("question_id", sa.String(32), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("asked_probe", sa.String(64)),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("interview_id", "n"),
    )
    op.create_table(
        "results",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("turn_id", sa.Integer, sa.ForeignKey("turns.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("graded", sa.Boolean, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("judgement", sa.JSON),
        sa.Column("critique", sa.Text, nullable=False),
        sa.Column("probe", sa.String(64)),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("prompt", sa.String(255), nullable=False),
        sa.Column("tokens_input", sa.Integer, nullable=False),
        sa.Column("tokens_output", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("objection", sa.Text),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("turn_id", "seq"),
    )


def downgrade() -> None:
    op.drop_table("results")
    op.drop_table("turns")
    op.drop_table("interviews")
