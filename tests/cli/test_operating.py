"""The operator's commands, on a running demo: what is there, what would break, and how it ends."""

import json
import signal
import subprocess
import sys

import pytest

OWNER = """
import sys, trio
from actors import open_session, SessionReleased
from graphmeta import GraphMetadata, UnitMetadata

async def main():
    async with open_session(sys.argv[1], name="owner", token=sys.argv[2]) as session:
        await session.connect_many([("A", "B"), ("B", "C")])
        await session.register_metadata(GraphMetadata(units={"SYS/U": UnitMetadata("SYS/U", "U", "t.U")}))
        print("ready", flush=True)
        await trio.sleep_forever()

try:
    trio.run(main)
except SessionReleased as error:
    print(error, flush=True)
"""


@pytest.fixture
def server(background):
    """A server that listens, and its address file as data."""
    process = background("serve")
    process.stdout.readline()
    path = process.stdout.readline().split(": ", 1)[1].strip()
    with open(path) as file:
        return process, json.load(file)


@pytest.fixture
def owner(server, environment):
    """Another process with a session of its own."""
    ticket = server[1]
    command = [sys.executable, "-c", OWNER, ticket["url"], ticket["token"]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_a_dry_run_says_what_would_go_and_takes_nothing(trellis, owner):
    told = trellis("release", "owner", "--dry-run", "--json")
    impact = json.loads(told.stdout)
    assert (impact["edges"], impact["components"]) == ([["A", "B"], ["B", "C"]], ["SYS/U"])
    assert "edges: 2" in trellis("release", "owner", "--dry-run").stdout
    assert len(json.loads(trellis("snapshot", "--json").stdout)["edges"]) == 2


def test_a_release_takes_it_and_the_owner_learns_by_whom(trellis, owner):
    told = trellis("release", "owner")
    assert told.returncode == 0
    assert "went" in told.stdout
    assert owner.stdout.readline() == "the session was released by trellis release\n"
    assert owner.wait(10) == 0
    assert json.loads(trellis("snapshot", "--json").stdout)["edges"] == []


def test_an_edge_is_added_for_good_and_removed_and_each_time_it_is_said_what_that_did(trellis, owner):
    def said(*words):
        told = trellis(*words)
        return told.returncode, told.stdout

    assert said("connect", "B", "D") == (0, "B -> D: added\n")
    assert said("connect", "B", "D") == (0, "B -> D: was persistent already\n")
    assert said("connect", "A", "B") == (0, "A -> B: persistent now; sessions hold it, too\n")
    assert said("disconnect", "A", "B") == (0, "A -> B: not persistent any more; sessions still hold it\n")
    assert said("disconnect", "B", "D") == (0, "B -> D: removed\n")
    assert said("disconnect", "B", "C") == (1, "B -> C: was not persistent\n")
    told = json.loads(trellis("connect", "C", "D", "--json").stdout)
    assert (told["edge"], told["outcome"]) == (["C", "D"], "added")


def test_a_topic_that_nobody_knows_is_noted_when_it_is_connected(trellis, owner):
    def noted(*words):
        told = trellis("connect", *words)
        return told.returncode, told.stderr

    assert noted("B", "LATER") == (0, "note: no component and no endpoint knows LATER yet\n")
    assert noted("B", "LATER") == (0, "")
    assert noted("X", "Y") == (0, "note: no component and no endpoint knows X or Y yet\n")
    assert noted("X", "Z", "--json") == (0, "")


def test_an_edge_that_closes_a_cycle_is_refused_with_its_path(trellis, owner):
    refused = trellis("connect", "C", "A")
    assert refused.returncode == 1
    assert refused.stderr == "trellis: C -> A would close a cycle: C -> A -> B -> C; leave one of these edges out\n"


def test_who_is_not_there_cannot_be_released_but_is_guessed_at(trellis, owner):
    refused = trellis("release", "ownr")
    assert (refused.returncode, refused.stderr) == (1, "trellis: no session 'ownr' (did you mean 'owner'?)\n")


def test_a_component_that_is_not_there_is_guessed_at(trellis, owner):
    for command in (("set", "SYS/V", "gain", "2"), ("undo", "SYS/V"), ("settings", "SYS/V")):
        refused = trellis(*command)
        assert (refused.returncode, refused.stderr) == (1, "trellis: no component 'SYS/V' (did you mean 'SYS/U'?)\n")


def test_the_graph_is_drawn_with_the_owners_of_its_edges_on_request(trellis, owner):
    assert "owner" not in trellis("graph").stdout
    assert "└→ B  [owner]" in trellis("graph", "--owners").stdout


def test_several_of_one_name_are_listed_and_one_is_chosen_by_its_id(trellis, owner, server, environment):
    command = [sys.executable, "-c", OWNER.replace("await session.register", "0 and await session.register")]
    with subprocess.Popen(
        [*command, server[1]["url"], server[1]["token"]], stdout=subprocess.PIPE, text=True, env=environment
    ) as second:
        assert second.stdout.readline() == "ready\n"
        refused = trellis("release", "owner")
        assert refused.returncode == 1
        ids = [s["id"] for s in json.loads(trellis("sessions", "--json").stdout) if s["name"] == "owner"]
        assert all(session in refused.stderr for session in ids)
        assert trellis("release", ids[1]).returncode == 0
        assert second.wait(10) == 0
        left = [s["id"] for s in json.loads(trellis("sessions", "--json").stdout) if s["name"] == "owner"]
        assert left == ids[:1]


def test_the_doctor_finds_an_edge_that_nobody_knows(trellis, server, environment):
    assert trellis("doctor").stdout == "nothing found\n"
    quick = OWNER.replace("await trio.sleep_forever()", "await session.connect('X', 'Y', persistent=True)")
    ticket = server[1]
    subprocess.run([sys.executable, "-c", quick, ticket["url"], ticket["token"]], env=environment, check=True)
    found = trellis("doctor", "--json")
    assert found.returncode == 1
    assert [(f["rule"], f["subject"]) for f in json.loads(found.stdout)] == [("dangling edge", "X -> Y")]
    assert "dangling edge" in trellis("doctor").stdout


def test_shutdown_ends_the_server_and_everybody_in_it(trellis, owner, server):
    done = trellis("shutdown")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "shut down; 1 other session ended\n"
    assert server[0].wait(10) == 0
    assert owner.wait(10) == 1
    assert trellis("sessions").returncode == 1


def test_a_running_demo_shows_its_settings_and_is_healthy(trellis, background):
    demo = background("demo")
    while "heart rate" not in demo.stdout.readline():
        pass
    assert "DEMO/ALARM" in trellis("settings").stdout
    trellis("set", "DEMO/ALARM", "threshold", "50")
    history = json.loads(trellis("settings", "DEMO/ALARM", "--json").stdout)
    assert [entry["value"]["readable"]["threshold"] for entry in history][-2:] == [100.0, 50.0]
    assert json.loads(trellis("undo", "DEMO/ALARM", "--json").stdout)["threshold"] == 100.0
    assert trellis("undo", "DEMO/ALARM", "--to", "0").stderr == (
        "trellis: DEMO/ALARM refused: no value of revision 0 is kept\n"
    )
    drawn = [trellis("graph", *collapse).stdout for collapse in ((), ("-c",), ("-cc",), ("-c", "--collapse"))]
    assert [("ALARM/INPUT" in each or "├─ INPUT" in each, "BAND_PASS" in each) for each in drawn] == [
        (True, True),
        (False, True),
        (False, False),
        (False, False),
    ]
    healthy = trellis("doctor")
    assert (healthy.returncode, healthy.stdout) == (0, "nothing found\n")
    released = trellis("release", "demo")
    assert "DEMO/ALARM" in released.stdout
    assert demo.wait(10) == 1
    assert demo.stderr.read() == "trellis: the session was released by trellis release\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_command_says_so_by_its_code(background, server, number, code):
    watch = background("watch")
    watch.stdout.readline()
    watch.send_signal(number)
    assert watch.wait(10) == code
    assert watch.stderr.read() == ""
