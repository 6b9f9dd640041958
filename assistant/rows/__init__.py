"""Questions about the rows of tables, answered by rule: ``told`` gives the answers."""
