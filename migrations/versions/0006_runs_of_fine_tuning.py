"""runs of fine-tuning and what they measured

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from retrieval.catalog.base import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tuning_runs",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("eta", sa.Double(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_params", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tuning_runs")),
    )
    with op.batch_alter_table("tuning_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tuning_runs_updated_at"), ["updated_at"], unique=False)
    op.create_table(
        "tuning_metrics",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["tuning_runs.name"],
            name=op.f("fk_tuning_metrics_run_tuning_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run", "line", "name", name=op.f("pk_tuning_metrics")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("tuning_metrics")
    op.drop_table("tuning_runs")
