"""``trellis diff`` on saved snapshots."""

import json
from uuid import UUID

import pytest

from actors import Edge, GraphSnapshot
from actors._cli._changes import described
from graphmeta import SettingValue, SnapshotSession, compare, read_snapshot, save_snapshot, snapshot_to_json


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


def test_snapshots_of_a_running_graph_that_stays_as_it_is_differ_by_nothing(trellis, background, tmp_path):
    background("serve").stdout.readline()
    first, second = (str(tmp_path / name) for name in "ab")
    assert trellis("snapshot", "--save", first).returncode == 0
    assert trellis("snapshot", "--save", second).returncode == 0
    # Each shows the command that took it, and no more.
    assert [len(read_snapshot(path).sessions) for path in (first, second)] == [1, 1]
    same = trellis("diff", first, second)
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")


def test_a_session_that_came_or_went_is_named_without_a_reason_that_nobody_knows(saved):
    with_it, without = saved("a", "AB"), GraphSnapshot(UUID(int=1), 5)
    assert "session ended: one" in list(described(compare(read_snapshot(with_it), without)))


def test_a_session_that_holds_something_is_never_left_out(trellis, tmp_path):
    for name, edges in (("a", ()), ("b", (Edge("A", "B"),))):
        session = SnapshotSession("trellis snapshot", "local", 1.0, edges)
        save_snapshot(GraphSnapshot(UUID(int=1), 5, sessions={UUID(int=2): session}), tmp_path / name)
    changed = trellis("diff", str(tmp_path / "a"), str(tmp_path / "b"))
    assert "session started: trellis snapshot (local)" in changed.stdout.splitlines()


def test_settings_are_written_as_the_other_commands_write_them():
    value = SettingValue({"name": "Käthe", "on": True}, UUID(int=2), reported=True, revision=5, at=1.0)
    change = compare(GraphSnapshot(UUID(int=1), 5), GraphSnapshot(UUID(int=1), 6, settings={"SYS": value}))
    assert list(described(change)) == ['settings of SYS: {"name": "Käthe", "on": true}']


def test_what_json_prints_can_be_compared_too(trellis, saved, tmp_path):
    printed = tmp_path / "printed.json"
    printed.write_text(snapshot_to_json(read_snapshot(saved("a", "AB"))), encoding="utf-8")
    assert trellis("diff", saved("b", "AB"), str(printed)).stdout == ""
    assert "- B -> C" in trellis("diff", saved("b", "AB", "BC"), str(printed)).stdout.splitlines()
