"""A client in no line of Trellis: JSON text frames over a websocket, as any language can send them."""

import json
import subprocess
import sys

import attrs
import trio
import trio.lowlevel

from actors import open_graph, open_session, serve_websocket
from graphmeta import Change, Resync

CLIENT = """
import json, sys, time
from websockets.sync.client import connect

url, token = sys.argv[1:]
with connect(url, subprotocols=["trellis.v1"], additional_headers={"Authorization": f"Bearer {token}"}) as socket:
    numbers = iter(range(1, 1000))
    heard = []

    def ask(method, **params):
        number = next(numbers)
        socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        while True:
            document = json.loads(socket.recv(timeout=10))
            if document.get("id") == number:
                return document.get("result", document.get("error"))
            heard.append(document)

    def notice():
        return heard.pop(0) if heard else json.loads(socket.recv(timeout=10))

    say = lambda **facts: print(json.dumps(facts), flush=True)
    opened = ask("open", name="foreign")
    say(opened=opened)
    ask("watch", subscription=7, after=opened["revision"])
    say(connected=ask("connect", from_topic="A", to_topic="B"))
    say(change=notice())
    say(many=ask("connect_many", edges=[["B", "C"], ["A", "C"]]))
    say(change=notice())
    say(cycle=ask("connect", from_topic="C", to_topic="A"))
    say(unknown=ask("conect", from_topic="C", to_topic="A"))
    say(wrong=ask("connect", from_topic="C"))
    say(snapshot=ask("snapshot"))

    def message():
        while (document := notice())["method"] == "change":
            pass
        return document

    listening = ask("open_endpoint", topic="C", direction="subscriber", max_queue=2)["id"]
    speaking = ask("open_endpoint", topic="SPOKEN", direction="publisher")
    say(window=speaking["max_queue"])
    taken = []
    while len(taken) < 3:
        batch = message()["params"]["messages"]
        taken += batch
        params = {"endpoint": listening, "count": len(batch)}
        socket.send(json.dumps({"jsonrpc": "2.0", "method": "grant", "params": params}))
    say(heard=taken)
    params = {"endpoint": speaking["id"], "messages": [{"value": 5}, {"value": "no number"}]}
    socket.send(json.dumps({"jsonrpc": "2.0", "method": "message", "params": params}))
    say(ended=message())
    time.sleep(3600)
"""


async def facts_of(process, count):
    """What the client says in its first lines, as one record; a later line overrides an earlier one."""
    said = b""
    while said.count(b"\n") < count:
        said += await process.stdout.receive_some()
    return {name: value for line in said.splitlines() for name, value in json.loads(line).items()}


@attrs.frozen
class Reading:
    value: int


async def exchange(graph):
    """Send three messages along the client's edges, and give the one that it can send itself."""
    async with open_session(graph, name="neighbour") as neighbour:
        async with neighbour.subscriber("SPOKEN", Reading) as spoken, neighbour.publisher("A") as a:
            while len(graph.snapshot().sessions) < 3 or not endpoints_of(graph, "foreign"):
                await trio.lowlevel.checkpoint()
            for message in (1, [2.5, None], {"three": True}):
                await a.send(message)
            return await spoken.receive()


def endpoints_of(graph, name):
    return [session for session in graph.snapshot().sessions.values() if session.name == name and session.endpoints]


async def test_it_opens_a_session_connects_looks_follows_and_is_released_when_killed():
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with open_session(graph, name="watcher") as watcher, watcher.watch() as changes:
            assert isinstance(await changes.receive(), Resync)
            command = [sys.executable, "-c", CLIENT, door.url, door.token]
            with trio.fail_after(30):
                process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
                facts = await facts_of(process, 9)
                spoken = await exchange(graph)
                facts |= await facts_of(process, 3)
                assert graph.snapshot().graph == {"A": ("B", "C"), "B": ("C",), "C": ()}
                process.kill()
                seen = [await changes.receive()]
                while not seen[-1].ended or seen[-1].ended[0].name != "foreign":
                    seen.append(await changes.receive())
                await process.wait()
        assert set(facts["opened"]) == {"id", "epoch", "revision", "protocol"}
        assert facts["connected"]["outcome"] == "added"
        assert [result["outcome"] for result in facts["many"]] == ["added", "added"]
        assert facts["change"]["method"] == "change"
        assert facts["change"]["params"]["subscription"] == 7
        assert facts["change"]["params"]["change"]["edges_added"] == [
            {"from": "A", "to": "C"},
            {"from": "B", "to": "C"},
        ]
        assert facts["cycle"]["data"]["type"] == "CycleError"
        assert facts["cycle"]["data"]["fields"]["path"][0] == "C"
        assert (facts["unknown"]["code"], facts["wrong"]["code"]) == (-32601, -32602)
        assert facts["window"] == 32
        assert facts["heard"] == [1, [2.5, None], {"three": True}]
        assert spoken == Reading(5)
        assert (facts["ended"]["method"], "int" in facts["ended"]["params"]["reason"]) == ("endpoint_ended", True)
        assert facts["snapshot"]["edges"][0] == {"from": "A", "to": "B", "owners": [facts["opened"]["id"]]}
        assert all(isinstance(change, Change) for change in seen)
        assert [entry.name for entry in seen[-1].ended] == ["foreign"]
        assert graph.snapshot().graph == {}
        nursery.cancel_scope.cancel()
