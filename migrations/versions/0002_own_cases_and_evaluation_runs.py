"""own cases and evaluation runs

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from retrieval.catalog.base import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "eval_outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eval_outcomes")),
    )
    with op.batch_alter_table("eval_outcomes", schema=None) as batch_op:
        batch_op.create_index("ix_eval_outcomes_key_case", ["key", "case_id", "part"], unique=False)

    op.create_table(
        "eval_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("suite", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("data", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eval_runs")),
    )
    with op.batch_alter_table("eval_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_eval_runs_suite"), ["suite"], unique=False)

    op.create_table(
        "own_cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("library_id", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("locator", sa.JSON(), nullable=False),
        sa.Column("snippet", sa.String(), nullable=False),
        sa.Column("answerable", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("was", sa.String(), nullable=False),
        sa.Column("retrieved", sa.JSON(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_cases")),
    )
    with op.batch_alter_table("own_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_own_cases_library_id"), ["library_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_own_cases_message_id"), ["message_id"], unique=False)

    op.create_table(
        "eval_run_outcomes",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outcome_id"],
            ["eval_outcomes.id"],
            name=op.f("fk_eval_run_outcomes_outcome_id_eval_outcomes"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["eval_runs.id"],
            name=op.f("fk_eval_run_outcomes_run_id_eval_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_eval_run_outcomes")),
    )
    with op.batch_alter_table("eval_run_outcomes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_eval_run_outcomes_outcome_id"), ["outcome_id"], unique=False
        )

    op.create_table(
        "own_case_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["own_cases.id"],
            name=op.f("fk_own_case_files_case_id_own_cases"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_case_files")),
    )
    with op.batch_alter_table("own_case_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_own_case_files_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_own_case_files_sha256"), ["sha256"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("own_case_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_own_case_files_sha256"))
        batch_op.drop_index(batch_op.f("ix_own_case_files_case_id"))

    op.drop_table("own_case_files")
    with op.batch_alter_table("eval_run_outcomes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_eval_run_outcomes_outcome_id"))

    op.drop_table("eval_run_outcomes")
    with op.batch_alter_table("own_cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_own_cases_message_id"))
        batch_op.drop_index(batch_op.f("ix_own_cases_library_id"))

    op.drop_table("own_cases")
    with op.batch_alter_table("eval_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_eval_runs_suite"))

    op.drop_table("eval_runs")
    with op.batch_alter_table("eval_outcomes", schema=None) as batch_op:
        batch_op.drop_index("ix_eval_outcomes_key_case")

    op.drop_table("eval_outcomes")
