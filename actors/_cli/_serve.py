"""``trellis serve``: a graph on its own, for sessions to join."""

import argparse
import json
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from actors._graph import Host, open_graph, open_task_nursery, serve_host
from graphmeta import visible

from ._collector import collect_seldom
from ._errors import UsageError
from ._limits import add_limits, read_limits
from ._numbers import port
from ._signals import hear_signals, wait_told
from ._token_files import read_own_token


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "serve",
        help="serve a graph",
        description="Serve a graph on this host until Ctrl-C or SIGTERM.",
    )
    parser.add_argument("--state", metavar="FILE", help="keep persistent edges there, for the next start")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this host only)")
    parser.add_argument("--port", type=port, default=0, help="which port (default: a free one)")
    parser.add_argument(
        "--token-file", metavar="FILE", type=Path, help="holds the token for control (default: a fresh one)"
    )
    parser.add_argument("--read-token-file", metavar="FILE", type=Path, help="holds the token for looking only")
    parser.add_argument("--certificate", metavar="FILE", help="for TLS, which is needed off this host")
    parser.add_argument("--key", metavar="FILE", help="the certificate's private key")
    parser.add_argument("--insecure", action="store_true", help="listen off this host without TLS")
    parser.add_argument("--origin", action="append", default=[], help="a web origin that may connect; may be repeated")
    parser.add_argument(
        "--known-as", action="append", default=[], metavar="NAME", help="a further name of this host; may be repeated"
    )
    add_limits(parser)
    parser.add_argument("--json", action="store_true", help="say where as one JSON object, for programs")
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    options: dict[str, Any] = {
        "title": _title(args.state),
        "host": args.host,
        "insecure": args.insecure,
        "origins": args.origin,
        "hosts": args.known_as,
    }
    limits, certificate = read_limits(args.limit), _certified(args)
    options |= _tokens(args)
    collect_seldom()
    # From before the first word, so that whoever has read it can end this cleanly.
    with hear_signals() as signals:
        async with open_graph(limits=limits, state=args.state) as graph, open_task_nursery() as nursery:
            serve = partial(serve_host, graph, port=args.port, ssl_context=certificate, **options)
            host = await nursery.start(serve)
            said = [_as_json(host, args.state)] if args.json else _said(host, args.state)
            print(*said, sep="\n", flush=True)
            return await wait_told(graph, signals)


def _said(host: Host, state: str | None) -> Iterator[str]:
    yield f"graph server: {host.url}"
    yield f"token file: {host.ticket}"
    yield f"token file for looking only: {host.read_token_file}"
    yield _kept(state)


def _as_json(host: Host, state: str | None) -> str:
    return json.dumps(
        {
            "url": host.url,
            "socket": host.socket,
            "token_file": host.ticket,
            "read_token_file": host.read_token_file,
            "state": state,
        }
    )


def _title(state: str | None) -> str:
    return "trellis serve" + (f" --state {state}" if state else "")


def _kept(state: str | None) -> str:
    if state is None:
        return "persistent edges: in memory, until this server ends (--state FILE keeps them)"
    return f"persistent edges: kept in {visible(state)}"


def _tokens(args: argparse.Namespace) -> dict[str, str | None]:
    control, reading = read_own_token(args.token_file), read_own_token(args.read_token_file)
    if control is not None and control == reading:
        raise UsageError(f"{args.token_file} and {args.read_token_file} hold the same token: who looks could change")
    return {"token": control, "read_token": reading}


def _certified(args: argparse.Namespace) -> ssl.SSLContext | None:
    if (args.certificate is None) != (args.key is None):
        raise UsageError("--certificate and --key go together")
    if args.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(args.certificate, args.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"no certificate in {args.certificate}, {args.key}: {error}") from None
    return context
