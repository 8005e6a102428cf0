"""The command line: a table of commands, each in a file of its own."""

from ._main import main as main
