"""``trellis serve --state FILE``: persistent edges survive the server, whatever ends it."""

import json


def started(server):
    """What a starting server prints, by line."""
    return [server.stdout.readline().rstrip() for _ in range(4)]


def test_persistent_edges_are_there_when_a_killed_server_starts_again(background, trellis, tmp_path):
    path = tmp_path / "graph.state"
    server = background("serve", "--state", str(path))
    assert started(server)[3] == f"persistent edges: kept in {path}"
    for target in ("TRACK/IN", "VIEW/IN"):
        assert trellis("connect", "CAM/OUT", target).returncode == 0
    server.kill()
    server.wait()
    started(background("serve", "--state", str(path)))
    edges = json.loads(trellis("snapshot", "--json").stdout)["edges"]
    assert [(edge["from"], edge["to"], edge["owners"]) for edge in edges] == [
        ("CAM/OUT", "TRACK/IN", [None]),
        ("CAM/OUT", "VIEW/IN", [None]),
    ]


def test_without_a_file_the_server_says_that_persistent_edges_are_in_memory(background):
    assert started(background("serve"))[3] == (
        "persistent edges: in memory, until this server ends (--state FILE keeps them)"
    )


def test_a_second_server_on_the_same_file_is_refused(background, apart, tmp_path):
    path = tmp_path / "graph.state"
    started(background("serve", "--state", str(path)))
    refused = apart("serve", "--state", str(path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"trellis: {path} is in use by another server: stop it, or name another file\n"


def test_a_file_that_is_somebody_elses_is_refused_and_left_alone(apart, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes")
    refused = apart("serve", "--state", str(path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"trellis: {path} keeps no graph: it is no database; name another file\n"
    assert path.read_text() == "my notes"


def test_a_file_that_holds_more_than_the_limits_allow_is_refused_with_what_would_do(
    apart, background, trellis, tmp_path
):
    path = tmp_path / "graph.state"
    server = background("serve", "--state", str(path))
    started(server)
    for target in ("TRACK/IN", "VIEW/IN"):
        assert trellis("connect", "CAM/OUT", target).returncode == 0
    server.terminate()
    server.wait()
    for limit, held, wanted in (
        ("edges=1", "2 edges, more than the limit edges = 1", "edges=2"),
        ("topic_length=7", "topics of 8 characters, more than the limit topic_length = 7", "topic_length=8"),
    ):
        refused = apart("serve", "--state", str(path), "--limit", limit)
        assert (refused.returncode, refused.stdout) == (1, "")
        said = f"trellis: {path} holds {held}: start with {wanted} or more, or name another file\n"
        assert refused.stderr == said
        server = background("serve", "--state", str(path), "--limit", wanted)
        assert started(server)[3] == f"persistent edges: kept in {path}"
        server.terminate()
        server.wait()
