"""Where the words of a heard or recognised passage stand, so that a citation points to them.

Passages from before have none; their citations show the whole passage, until the file is taken in
anew.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply."""
    op.add_column("chunks", sa.Column("words", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("chunks", "words")
