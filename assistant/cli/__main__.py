"""``python -m assistant.cli``: the command line for a process that this program starts."""

from assistant.cli import main

main()
