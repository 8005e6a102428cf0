"""From arguments to a command, and from its errors to one line and an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

import trio

from actors._floor import raise_as_itself
from actors._graph import SOFTWARE, SessionError, alone
from graphmeta import GraphError, visible
from transport import TransportError

from . import (
    _demo,
    _diff,
    _doctor,
    _edges,
    _graph,
    _release,
    _serve,
    _sessions,
    _set,
    _settings,
    _shutdown,
    _snapshot,
    _top,
    _undo,
    _watch,
)
from ._errors import StreamsDoNotFit, UsageError

_COMMANDS: Final = (
    _demo,
    _serve,
    _graph,
    _snapshot,
    _sessions,
    _top,
    _watch,
    _settings,
    _set,
    _undo,
    _edges,
    _release,
    _doctor,
    _diff,
    _shutdown,
)

FAILED: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 1 (it failed), 2 (it was misused) or 130 (Ctrl-C)."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser()
        if not words:
            parser.print_help(sys.stderr)
            return MISUSED
        args = parser.parse_args(words)
        _check_words(words)
        code: int | None = trio.run(_run, args)
        # Here, and not when Python ends: only here can a reader who has gone be told from a failure.
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough (``trellis watch | head``); there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UsageError as error:
        return _say(error, MISUSED)
    except (SessionError, TransportError, GraphError, StreamsDoNotFit, OSError) as error:
        return _say(error, FAILED)
    return code or 0


def _check_words(words: Sequence[str]) -> None:
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{word!r} is no text") from None


async def _run(args: argparse.Namespace) -> int | None:
    try:
        code: int | None = await args.command(args)
    except BaseExceptionGroup as group:
        raise_as_itself(alone(group))
    return code


def _say(error: Exception, code: int) -> int:
    print(f"trellis: {visible(_words(error))}", file=sys.stderr)
    return code


def _words(error: Exception) -> str:
    """What an error says; the system's, which begin with a number, in the order in which one reads them."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


class _Aligned(argparse.HelpFormatter):
    """Puts the longest name of a command on the line of its text: argparse forgets that names are set further in."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        for name in action.choices or () if action.nargs == argparse.PARSER else ():
            self._action_max_length = max(
                self._action_max_length, len(name) + self._current_indent + self._indent_increment
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trellis",
        description="Live dataflow graphs with owners: run one, watch one, operate one.",
        formatter_class=_Aligned,
        epilog="Exit codes: 0 done; 1 it failed, or there is something to find; 2 it was misused; "
        "130 Ctrl-C; 143 SIGTERM; 129 its terminal was closed.",
    )
    parser.add_argument("--version", action="version", version=SOFTWARE)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser
