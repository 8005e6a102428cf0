"""``trellis connect`` and ``trellis disconnect``: edges that no session owns, since no command outlives its edges."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from actors._graph import EdgeResult, Session
from graphmeta import Outcome, visible

from ._diagnose import Patient, nobody_knows
from ._errors import StreamsDoNotFit
from ._target import add_target, open_target

_Change = Callable[..., Awaitable[EdgeResult]]

_SAID: Final = {
    Outcome.ADDED: "added",
    Outcome.SHARED: "persistent now; sessions hold it, too",
    Outcome.ALREADY_OWNED: "was persistent already",
    Outcome.REMOVED: "removed",
    Outcome.RELEASED: "not persistent any more; sessions still hold it",
    Outcome.NOT_OWNER: "was not persistent",
}


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add both commands to the parser."""
    connect = _add(
        commands,
        Session.connect,
        "add a persistent edge",
        "Add an edge that no session owns: it stays until `trellis disconnect`, and is there again when a server with "
        "a state file starts anew. Streams whose types have nothing to do with each other, as far as that is known, "
        "are not connected.",
    )
    connect.add_argument("--anyway", action="store_true", help="connect streams that do not fit, too")
    disconnect = _add(
        commands,
        Session.disconnect,
        "remove a persistent edge",
        "Remove an edge that no session owns; what sessions hold stays. Exit code 1 when it was not persistent.",
    )
    disconnect.set_defaults(anyway=True)


def _add(
    commands: "argparse._SubParsersAction[Any]", change: _Change, summary: str, description: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(change.__name__, help=summary, description=description)
    parser.add_argument("from_topic", metavar="FROM", help="the topic that messages come from, such as CAM/OUT")
    parser.add_argument("to_topic", metavar="TO", help="the topic that they go to")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run, change=change)
    return parser


async def run(args: argparse.Namespace) -> int:
    """Change the edge and say what that did."""
    async with open_target(args, args.change.__name__) as session:
        if not args.anyway and (clashes := await session.type_clashes(args.from_topic, args.to_topic)):
            raise StreamsDoNotFit(clashes)
        result: EdgeResult = await args.change(session, args.from_topic, args.to_topic, persistent=True)
        strangers = await _strangers(session, result)
    print(msgspec.json.encode(result).decode() if args.json else visible(f"{result.edge}: {_SAID[result.outcome]}"))
    if strangers and not args.json:
        print(visible(f"note: {nobody_knows(strangers)} yet"), file=sys.stderr)
    return 1 if result.outcome is Outcome.NOT_OWNER else 0


async def _strangers(session: Session, result: EdgeResult) -> list[str]:
    """The topics of a new edge that nobody knows: they are to come, or misspelt."""
    if result.outcome is not Outcome.ADDED:
        return []
    known = Patient(await session.snapshot(), ()).known()
    return [topic for topic in result.edge if topic not in known]
