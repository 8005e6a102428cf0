"""Changes: what follows a snapshot, and what is refused because it does not."""

from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    Change,
    Edge,
    Endpoint,
    EndpointChanged,
    GraphMetadata,
    GraphSnapshot,
    InvalidChange,
    MetadataChanged,
    Ownership,
    Resync,
    RevisionGap,
    ScopeChanged,
    SessionEnded,
    SessionStarted,
    SettingChanged,
    SettingValue,
    SnapshotSession,
    compare,
    diff,
)

EPOCH, ANNA, BERT = UUID(int=1), UUID(int=2), UUID(int=3)
AB, AC, BC = Edge("A", "B"), Edge("A", "C"), Edge("B", "C")
PORT = Endpoint(0, "A", "publisher", "float")


def snapshot(revision=1, persistent=(), settings=None, **sessions):
    ids = {"anna": ANNA, "bert": BERT}
    return GraphSnapshot(EPOCH, revision, persistent, {ids[n]: s for n, s in sessions.items()}, settings or {})


def session(*edges, **fields):
    return SnapshotSession("name", "local", 5.0, edges, **fields)


def change(revision=2, **parts):
    return Change(EPOCH, revision, 7.0, **parts)


def test_a_session_starts_with_nothing():
    after = snapshot().apply(change(started=(SessionStarted(ANNA, "name", "local", 5.0),)))
    assert after == snapshot(2, anna=session())


def test_edges_come_and_go_for_their_holder_alone():
    before = snapshot(anna=session(AB, BC), bert=session(AB))
    after = before.apply(change(ownership=(Ownership(ANNA, "", gained=(AC,), lost=(AB,)),)))
    assert after == snapshot(2, anna=session(AC, BC), bert=session(AB))
    assert after.graph == {"A": ("B", "C"), "B": ("C",), "C": ()}


def test_persistent_edges_belong_to_nobody():
    after = snapshot(persistent=(AB,)).apply(change(ownership=(Ownership(None, "", (BC,), (AB,)),)))
    assert after == snapshot(2, persistent=(BC,))


def test_a_scope_opens_holds_and_closes():
    opened = snapshot(anna=session()).apply(
        change(scopes=(ScopeChanged(ANNA, "s", True),), ownership=(Ownership(ANNA, "s", gained=(AB,)),))
    )
    assert opened == snapshot(2, anna=session(scopes={"s": (AB,)}))
    closed = opened.apply(
        change(3, scopes=(ScopeChanged(ANNA, "s", False),), ownership=(Ownership(ANNA, "s", lost=(AB,)),))
    )
    assert closed == snapshot(3, anna=session())


@pytest.mark.parametrize("listed", [(), (Ownership(ANNA, "s", lost=(AC,)), Ownership(ANNA, "", lost=(AB,)))])
def test_the_end_of_a_session_takes_all_it_held_whether_or_not_the_losses_are_listed(listed):
    before = snapshot(anna=session(AB, scopes={"s": (AC,)}, endpoints=(PORT,)), bert=session(AB))
    assert before.graph == {"A": ("B", "C"), "B": (), "C": ()}
    after = before.apply(change(ended=(SessionEnded(ANNA, "name", "closed"),), ownership=listed))
    assert after == snapshot(2, bert=session(AB))
    assert after.graph == {"A": ("B",), "B": ()}
    assert after.edge_owners == {AB: (BERT,)}


@pytest.mark.parametrize("listed", [(), (Ownership(ANNA, "s", lost=(AC,)),)])
def test_the_end_of_a_scope_takes_all_it_held_whether_or_not_the_losses_are_listed(listed):
    before = snapshot(anna=session(AB, scopes={"s": (AC,)}))
    assert before.edge_owners == {AB: (ANNA,), AC: (ANNA,)}
    after = before.apply(change(scopes=(ScopeChanged(ANNA, "s", False),), ownership=listed))
    assert after == snapshot(2, anna=session(AB))
    assert after.edge_owners == {AB: (ANNA,)}


def test_an_edge_stays_with_a_session_while_any_of_its_scopes_holds_it():
    before = snapshot(anna=session(AB, scopes={"s": (AB,)}))
    assert before.edge_owners == {AB: (ANNA,)}
    after = before.apply(change(ownership=(Ownership(ANNA, "", lost=(AB,)),)))
    assert after.edge_owners == {AB: (ANNA,)}


def test_metadata_is_replaced_as_a_whole_and_withdrawn():
    described = snapshot(anna=session()).apply(change(metadata=(MetadataChanged(ANNA, GraphMetadata("SYS")),)))
    assert described == snapshot(2, anna=session(metadata=GraphMetadata("SYS")))
    assert described.apply(change(3, metadata=(MetadataChanged(ANNA, None),))) == snapshot(3, anna=session())


def test_endpoints_open_in_the_order_of_their_ids_and_close():
    later = Endpoint(1, "B", "subscriber", "float")
    before = snapshot(anna=session(endpoints=(later,)))
    opened = before.apply(change(endpoints=(EndpointChanged(ANNA, PORT, True),)))
    assert opened == snapshot(2, anna=session(endpoints=(PORT, later)))
    closed = opened.apply(change(3, endpoints=(EndpointChanged(ANNA, PORT, False),)))
    assert closed == snapshot(3, anna=session(endpoints=(later,)))


def test_settings_are_set_and_go():
    value = SettingValue({"gain": 1.0}, ANNA, True, 2, 7.0)
    valued = snapshot().apply(change(settings=(SettingChanged("SYS/A", value),)))
    assert valued == snapshot(2, settings={"SYS/A": value})
    assert valued.apply(change(3, settings=(SettingChanged("SYS/A", None),))) == snapshot(3)


def test_the_snapshot_before_stays_as_it_was():
    before = snapshot(anna=session(AB), settings={"S": SettingValue(1, ANNA, False, 1, 0.0)})
    before.apply(
        change(ended=(SessionEnded(ANNA, "name", ""),), settings=(SettingChanged("S", None),)),
    )
    assert before == snapshot(anna=session(AB), settings={"S": SettingValue(1, ANNA, False, 1, 0.0)})


@pytest.mark.parametrize("revision", [1, 3])
def test_a_change_that_is_not_the_next_one_is_a_gap(revision):
    with pytest.raises(RevisionGap) as gap:
        snapshot(revision=1).apply(change(revision))
    assert attrs.astuple(gap.value) == (1, revision, True)


def test_a_change_of_another_epoch_is_a_gap():
    with pytest.raises(RevisionGap) as gap:
        snapshot(revision=1).apply(Change(UUID(int=9), 2, 0.0))
    assert attrs.astuple(gap.value) == (1, 2, False)


def test_a_resync_follows_anything():
    fresh = GraphSnapshot(UUID(int=9), 40, (AB,))
    assert snapshot().apply(Resync(fresh, "epoch")) is fresh


@pytest.mark.parametrize(
    "parts",
    [
        {"ownership": (Ownership(BERT, "", gained=(AC,)),)},
        {"ownership": (Ownership(ANNA, "t", gained=(AC,)),)},
        {"ownership": (Ownership(ANNA, "", gained=(AB,)),)},
        {"ownership": (Ownership(ANNA, "", gained=(AC, AC)),)},
        {"ownership": (Ownership(ANNA, "", lost=(AC,)),)},
        {"ownership": (Ownership(ANNA, "", lost=(AB, AB)),)},
        {"ownership": (Ownership(None, "", lost=(AC,)),)},
        {"started": (SessionStarted(ANNA, "again", "local", 0.0),)},
        {"ended": (SessionEnded(BERT, "nobody", ""),)},
        {"scopes": (ScopeChanged(ANNA, "s", True),)},
        {"scopes": (ScopeChanged(ANNA, "t", False),)},
        {"metadata": (MetadataChanged(BERT, None),)},
        {"endpoints": (EndpointChanged(ANNA, PORT, True),)},
        {"endpoints": (EndpointChanged(ANNA, Endpoint(8, "A", "publisher", "x"), False),)},
    ],
    ids=lambda parts: "-".join(parts),
)
def test_a_change_that_contradicts_the_snapshot_is_refused(parts):
    before = snapshot(anna=session(AB, scopes={"s": ()}, endpoints=(PORT,)))
    with pytest.raises(InvalidChange):
        before.apply(change(**parts))


# -- what they say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"edges_added": (AB,), "edges_removed": (BC,)}, "+ A -> B, - B -> C"),
        ({"started": (SessionStarted(ANNA, "anna", "local", 0.0),)}, "anna started"),
        ({"ended": (SessionEnded(ANNA, "anna", "closed"),), "edges_removed": (AB,)}, "- A -> B, anna ended (closed)"),
        ({"ownership": (Ownership(ANNA, "", (AB,)),)}, "owners"),
        ({"endpoints": (EndpointChanged(ANNA, PORT, True),) * 2}, "2 of endpoints"),
        ({"edges_added": (AB,) * 10}, ", ".join(["+ A -> B"] * 8) + ", and 2 more"),
        ({"edges_added": (Edge("\x1b[2J", "B"),)}, "+ \\x1b[2J -> B"),
    ],
)
def test_a_change_says_what_it_did_in_one_line(parts, said):
    assert str(change(by_name="anna", **parts)) == f"revision 2 by anna: {said}"


def test_a_resync_says_why():
    assert str(Resync(snapshot(anna=session()), "slow")) == "resync (slow) at revision 1: 1 session"


# -- differences ---------------------------------------------------------------------------------------------


@given(st.from_type(GraphSnapshot), st.from_type(GraphSnapshot), st.booleans())
def test_a_difference_leads_from_one_snapshot_to_the_other(before, after, with_views):
    if with_views:
        assert before.graph.keys() == {topic for edge in before.edge_owners for topic in edge}
    arrived = before.apply(*diff(before, after))
    assert arrived == after
    # Views that were carried along must say what views derived afresh say, order included.
    fresh = GraphSnapshot(after.epoch, after.revision, after.persistent, after.sessions, after.settings)
    assert list(arrived.edge_owners.items()) == list(fresh.edge_owners.items())
    assert list(arrived.graph.items()) == list(fresh.graph.items())


@given(st.from_type(GraphSnapshot), st.from_type(GraphSnapshot))
def test_a_difference_is_one_change_exactly_when_changes_can_lead_there(before, after):
    steps = diff(before, after)
    same_people = all(
        (was.name, was.peer, was.since) == (now.name, now.peer, now.since)
        for id_, was in before.sessions.items()
        if (now := after.sessions.get(id_)) is not None
    )
    forward = before.epoch == after.epoch and before.revision < after.revision and same_people
    assert [type(step) for step in steps] == ([] if before == after else [Change if forward else Resync])


@given(st.from_type(GraphSnapshot), st.from_type(GraphSnapshot))
def test_a_comparison_names_the_edges_that_the_topology_gained_and_lost(before, after):
    found = compare(before, after)
    assert found.edges_added == tuple(sorted(after.edge_owners.keys() - before.edge_owners.keys()))
    assert found.edges_removed == tuple(sorted(before.edge_owners.keys() - after.edge_owners.keys()))


@pytest.mark.parametrize("revision", [1, 2])
def test_a_comparison_that_does_not_lead_forward_cannot_be_applied(revision):
    with pytest.raises(RevisionGap):
        snapshot(2).apply(compare(snapshot(2), snapshot(revision, persistent=(AB,))))


def test_equal_snapshots_do_not_differ():
    assert diff(snapshot(anna=session(AB)), snapshot(anna=session(AB))) == ()


def test_another_epoch_takes_a_resync():
    other = GraphSnapshot(UUID(int=9), 2)
    assert diff(snapshot(), other) == (Resync(other, "epoch"),)


def test_the_way_back_takes_a_resync():
    assert diff(snapshot(2), snapshot(1)) == (Resync(snapshot(1), "history"),)


def test_many_revisions_are_one_step():
    (step,) = diff(snapshot(1), snapshot(1_000_000, persistent=(AB,)))
    assert isinstance(step, Change)
    assert (step.revision, step.steps) == (1_000_000, 999_999)
