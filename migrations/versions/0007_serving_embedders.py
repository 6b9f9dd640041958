"""Which embedder serves until another has seen everything; images inside documents.

Documents from before have no figures until they are taken in anew.

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "serving",
        sa.Column("role", sa.String(), primary_key=True),
        sa.Column("embedder", sa.String(), nullable=False),
    )
    op.create_table(
        "figures",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "asset_id",
            sa.Integer(),
            sa.ForeignKey("assets.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_figures_asset_id", "figures", ["asset_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("figures")
    op.drop_table("serving")
