"""A client in JavaScript, with the WebSocket that Node brings along: no package, no line of Trellis, no Python."""

import json
import shutil
import subprocess

import pytest
import trio

from actors import open_graph, open_session, serve_websocket
from graphmeta import Resync

NODE = ["node", "--experimental-websocket", "--no-warnings", "--input-type=module"]
HAS_WEBSOCKET = "process.exit(typeof WebSocket === 'function' ? 0 : 1)"

CLIENT = """
const [url, token] = process.argv.slice(1);
const socket = new WebSocket(url, {protocols: ["trellis.v1"], headers: {Authorization: `Bearer ${token}`}});
const waiting = new Map(), pieces = new Map();
const told = [];
let number = 0, tell = () => {};
const say = (facts) => console.log(JSON.stringify(facts));

function take(document) {
  if (document.method === "fragment") {
    const {transfer, data, last} = document.params;
    pieces.set(transfer, (pieces.get(transfer) ?? "") + data);
    if (last) { take(JSON.parse(pieces.get(transfer))); pieces.delete(transfer); }
    say({fragments: true});
  } else if (document.method !== undefined) {
    told.push(document);
    tell();
  } else {
    waiting.get(document.id)(document.result ?? document.error);
  }
}
socket.onmessage = (event) => take(JSON.parse(event.data));

const ask = (method, params) => new Promise((answered) => {
  number += 1;
  waiting.set(number, answered);
  socket.send(JSON.stringify({jsonrpc: "2.0", id: number, method, params}));
});
const notice = async () => {
  while (told.length === 0) await new Promise((come) => { tell = come; });
  return told.shift();
};

await new Promise((open) => { socket.onopen = open; });
const opened = await ask("open", {name: "node"});
await ask("watch", {subscription: 3, after: opened.revision});
say({connected: await ask("connect", {from_topic: "A", to_topic: "B"})});
say({change: await notice()});
say({cycle: await ask("connect", {from_topic: "B", to_topic: "A"})});
const edges = Array.from({length: 4000}, (_, n) => ["A", `GROẞE/THEMEN/BLATT/№ ${n}`]);
await ask("connect_many", {edges});
const snapshot = await ask("snapshot", {});
say({edges: snapshot.edges.length, last: snapshot.edges.at(-2).to});
"""


@pytest.fixture(scope="module")
def node():
    if shutil.which("node") is None:
        pytest.skip("there is no Node here")
    if subprocess.run([*NODE, "-e", HAS_WEBSOCKET], capture_output=True, check=False).returncode:
        pytest.skip("this Node has no WebSocket (20.10 is the first)")
    return [*NODE, "-e", CLIENT]


async def facts_of(process, wanted):
    """What the client says until it has said *wanted*; a later line overrides an earlier one."""
    said, facts = b"", {}
    while wanted not in facts:
        piece = await process.stdout.receive_some()
        assert piece, f"the client ended after {said!r}"
        said += piece
        whole = said[: said.rindex(b"\n")] if b"\n" in said else b""
        facts = {name: value for line in whole.splitlines() for name, value in json.loads(line).items()}
    return facts


async def test_it_opens_a_session_connects_follows_takes_what_is_large_and_is_released_when_killed(node):
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with open_session(graph, name="watcher") as watcher, watcher.watch() as changes:
            assert isinstance(await changes.receive(), Resync)
            with trio.fail_after(30):
                process = await trio.lowlevel.open_process([*node, door.url, door.token], stdout=subprocess.PIPE)
                facts = await facts_of(process, "edges")
                assert len(graph.snapshot().edge_owners) == 4001
                process.kill()
                seen = [await changes.receive() for _ in range(4)]
                await process.wait()
        assert facts["connected"]["outcome"] == "added"
        assert facts["change"]["params"]["change"]["edges_added"] == [{"from": "A", "to": "B"}]
        assert facts["cycle"]["data"]["type"] == "CycleError"
        assert (facts["edges"], facts["last"], facts["fragments"]) == (4001, "GROẞE/THEMEN/BLATT/№ 998", True)
        assert [entry.name for entry in seen[-1].ended] == ["node"]
        assert graph.snapshot().graph == {}
        nursery.cancel_scope.cancel()
