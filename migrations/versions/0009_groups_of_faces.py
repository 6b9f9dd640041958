"""Faces of photos and their groups, for libraries whose owner wants them; for all others, nothing.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    for table, name in (("libraries", "groups_faces"), ("assets", "faces_seen")):
        op.add_column(
            table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_table(
        "face_groups",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "library_id",
            sa.String(),
            sa.ForeignKey("libraries.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=True),
        sa.UniqueConstraint("library_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "faces",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "asset_id",
            sa.Integer(),
            sa.ForeignKey("assets.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "group_id",
            sa.Integer(),
            sa.ForeignKey("face_groups.id", ondelete="SET NULL"),
            nullable=True,
        ),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_faces_asset_id", "faces", ["asset_id"])
    op.create_index("ix_faces_group_id", "faces", ["group_id"])


def downgrade() -> None:
    """Undo; in place: a copied table would lose what belongs to it."""
    op.drop_table("faces")
    op.drop_table("face_groups")
    op.drop_column("assets", "faces_seen")
    op.drop_column("libraries", "groups_faces")
