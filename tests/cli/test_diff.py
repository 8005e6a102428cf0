"""``trellis diff`` on saved snapshots."""

import json
from uuid import UUID

import pytest

from actors import Edge, GraphSnapshot
from graphmeta import SnapshotSession, read_snapshot, save_snapshot, snapshot_to_json


@pytest.fixture
def saved(tmp_path):
    def save(name, *edges):
        session = SnapshotSession("one", "local", 1.0, tuple(Edge(*edge) for edge in edges))
        path = tmp_path / name
        save_snapshot(GraphSnapshot(UUID(int=1), 5, sessions={UUID(int=2): session}), path)
        return str(path)

    return save


def test_equal_snapshots_have_nothing_between_them(trellis, saved):
    same = trellis("diff", saved("a", "AB"), saved("b", "AB"))
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")


def test_what_came_and_went_is_listed(trellis, saved):
    changed = trellis("diff", saved("a", "AB", "BC"), saved("b", "AB", "BD"))
    assert changed.returncode == 1
    assert {"+ B -> D", "- B -> C"} <= set(changed.stdout.splitlines())


def test_what_came_and_went_is_one_change_for_programs(trellis, saved):
    changed = trellis("diff", saved("a", "AB", "BC"), saved("b", "AB", "BD"), "--json")
    assert changed.returncode == 1
    change = json.loads(changed.stdout)
    assert [[edge["from"], edge["to"]] for edge in change["edges_added"]] == [["B", "D"]]
    assert [[edge["from"], edge["to"]] for edge in change["edges_removed"]] == [["B", "C"]]
    assert trellis("diff", saved("a", "AB"), saved("b", "AB"), "--json").returncode == 0


def test_a_file_that_is_no_snapshot_is_said_so(trellis, saved, tmp_path):
    nonsense = tmp_path / "nonsense"
    for content in (b"nonsense", b"{}", b""):
        nonsense.write_bytes(content)
        refused = trellis("diff", saved("a"), str(nonsense))
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"trellis: {nonsense} is not a snapshot: ")
    missing = trellis("diff", saved("a"), str(tmp_path / "missing"))
    assert missing.returncode == 2


def test_a_snapshot_of_a_running_graph_can_be_saved(trellis, background, tmp_path):
    background("serve").stdout.readline()
    first, second = (str(tmp_path / name) for name in "ab")
    assert trellis("snapshot", "--save", first).returncode == 0
    assert trellis("snapshot", "--save", second).returncode == 0
    assert "session" in trellis("diff", first, second).stdout


def test_what_json_prints_can_be_compared_too(trellis, saved, tmp_path):
    printed = tmp_path / "printed.json"
    printed.write_text(snapshot_to_json(read_snapshot(saved("a", "AB"))), encoding="utf-8")
    assert trellis("diff", saved("b", "AB"), str(printed)).stdout == ""
    assert "- B -> C" in trellis("diff", saved("b", "AB", "BC"), str(printed)).stdout.splitlines()
