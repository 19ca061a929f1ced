"""What a result cost: cached tokens, calls, money. Results from before have no known cost.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("results", sa.Column("tokens_cached", sa.Integer, nullable=False, server_default="0"))
    op.add_column("results", sa.Column("calls", sa.Integer, nullable=False, server_default="0"))
    op.add_column("results", sa.Column("cost", sa.Float))


def downgrade() -> None:
    for name in ("tokens_cached", "calls", "cost"):
        op.drop_column("results", name)
