"""The difference hash of each photo, by which near-duplicates are folded.

Photos from before have none and stand for themselves until they are taken in anew.

Revision: 0004, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.add_column("pictures", sa.Column("look", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("pictures", "look")  # in place: a copied table would lose its vectors
