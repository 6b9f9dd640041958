"""Which model described a photo, so that describing is resumed and another model does it anew.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "assets", sa.Column("described_by", sa.String(), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("assets", "described_by")
