"""docs/wire.md is true: its examples run against a real door, without a line of ours, and its figures are ours."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from actors import open_graph, serve_websocket
from actors._graph._doors._hall import serve_link
from transport import ErrorTable, Limits, Link, serve_unix_links

DOCUMENT = (Path(__file__).parents[2] / "docs" / "wire.md").read_text(encoding="utf-8")
SESSION, PIECES, UNIX = re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.S | re.M)
SESSION_PRINTS, UNIX_PRINTS = re.findall(r"^```text\n(.*?)^```", DOCUMENT, re.S | re.M)
needs_websockets = pytest.mark.skipif(
    importlib.util.find_spec("websockets") is None, reason="the foreign client of the example is not installed"
)


async def run_script(command: list[str], script: str, **environment: str) -> str:
    """Run a program of somebody else's beside the server of this process."""
    done = await trio.run_process(
        [*command, script],
        env=os.environ | environment,
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


python = partial(run_script, [sys.executable, "-W", "error", "-c"])


@needs_websockets
async def test_the_example_session_prints_what_the_page_says() -> None:
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        with trio.fail_after(20):
            printed = await python(SESSION, TRELLIS_URL=door.url, TRELLIS_TOKEN=door.token)
        assert printed == SESSION_PRINTS
        nursery.cancel_scope.cancel()


async def test_the_example_on_a_unix_socket_prints_what_the_page_says(tmp_path: Path) -> None:
    async def handler(link: Link) -> None:
        await serve_link(graph._supervisor, link)

    async with open_graph() as graph, trio.open_nursery() as nursery:
        place = await nursery.start(partial(serve_unix_links, handler, tmp_path / "private" / "door"))
        with trio.fail_after(20):
            assert await python(UNIX, TRELLIS_SOCKET=str(place)) == UNIX_PRINTS
        nursery.cancel_scope.cancel()


NODE_CLIENT = """
const [url, token] = [process.env.TRELLIS_URL, process.env.TRELLIS_TOKEN];
const server = new WebSocket(url, {protocols: ["trellis.v1"], headers: {Authorization: "Bearer " + token}});
let id = 0;
const waiting = new Map();
const ask = (method, params = {}) => new Promise((resolve, reject) => {
  waiting.set(++id, [resolve, reject]);
  server.send(JSON.stringify({jsonrpc: "2.0", id, method, params}));
});
server.onmessage = ({data}) => {
  const document = JSON.parse(data);
  const [resolve, reject] = waiting.get(document.id) ?? [];
  if (document.error) reject(document.error); else resolve?.(document.result);
};
server.onerror = (event) => { console.log("failed", event.message); process.exit(1); };
server.onopen = async () => {
  await ask("open", {name: "node"});
  console.log((await ask("connect", {from_topic: "A/OUT", to_topic: "B/IN"})).outcome);
  const refused = await ask("connect", {from_topic: "B/IN", to_topic: "A/OUT"}).catch((error) => error);
  console.log(refused.data.type);
  await ask("close");
  process.exit(0);
};
"""


def node() -> list[str] | None:
    """Find a Node that has a websocket client of its own: 20 behind a flag, 22 without."""
    found = shutil.which("node")
    if found is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    major = int(version.lstrip("v").partition(".")[0] or 0)
    return [found, "--no-warnings", "--experimental-websocket", "-e"] if major >= 20 else None


@pytest.mark.skipif(node() is None, reason="no Node of version 20 or later on this machine")
async def test_a_client_in_another_language_becomes_a_session() -> None:
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        with trio.fail_after(20):
            printed = await run_script(node() or [], NODE_CLIENT, TRELLIS_URL=door.url, TRELLIS_TOKEN=door.token)
        assert printed == "added\nCycleError\n"
        nursery.cancel_scope.cancel()


def test_the_example_joins_pieces_of_mixed_transfers() -> None:
    names: dict[str, Any] = {"json": json}
    exec(PIECES, names)
    whole: Callable[[dict[str, Any]], Any] = names["whole"]

    def piece(transfer: int, data: str, last: bool = False) -> dict[str, Any]:
        params = {"transfer": transfer, "data": data, "last": last}
        return {"method": "fragment", "params": params}

    assert whole(piece(1, '{"id"')) is None
    assert whole(piece(2, '{"id": 2')) is None
    assert whole({"id": 0}) == {"id": 0}
    assert whole(piece(2, "}", last=True)) == {"id": 2}
    assert whole(piece(1, ": 1}", last=True)) == {"id": 1}


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        (r"done within (\d+) s", Limits().handshake_seconds),
        (r"first request, within (\d+) s", Limits().open_seconds),
        (r"At most (\d+) may wait", Limits().requests_in_flight),
        (r"with (\d+) MiB of parameters", Limits().waiting_bytes / 1024**2),
        (r"more than (\d+) KiB comes as", Limits().fragment_bytes / 1024),
        (r"message of yours may have (\d+) MiB", Limits().client_frame_bytes / 1024**2),
        (r"a document (\d+) MiB", Limits().client_document_bytes / 1024**2),
        (r"and (\d+) transfers may be open", Limits().transfers),
        (r"nested more than (\d+) deep", Limits().nesting),
        (r"pings every (\d+) s", Limits().heartbeat_interval),
        (r"for another (\d+) s", Limits().heartbeat_timeout),
        (r"from its socket for (\d+) s", Limits().send_seconds),
        (r"leaves (\d+) MiB of answers", Limits().outbox_bytes / 1024**2),
    ],
)
def test_every_figure_on_the_page_is_the_default(said: str, limit: float) -> None:
    found = re.findall(said, re.sub(r"\s+", " ", DOCUMENT))
    assert [float(number) for number in found] == [limit]


def test_the_page_lists_every_error_of_the_wire_itself_with_its_code() -> None:
    told = {name: int(code) for code, name in re.findall(r"^\| (-\d+) \| `(\w+)` \|", DOCUMENT, re.M)}
    real = {cls.__name__: code for cls, code in ErrorTable()._codes.items()}
    assert told == {name: code for name, code in real.items() if name != "ProtocolError"}
