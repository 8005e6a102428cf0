"""What makes one snapshot into another.

`compare` says it for the eye, whatever the two are; `diff` says it as steps that `GraphSnapshot.apply` takes.
Holders, sessions and components that are the same object on both sides are not looked into.
"""

from collections.abc import Iterator
from uuid import UUID

from ._changes import (
    Change,
    EndpointChanged,
    MetadataChanged,
    Ownership,
    Resync,
    ScopeChanged,
    SessionEnded,
    SessionStarted,
    SettingChanged,
)
from ._holding import Held
from ._snapshot import GraphSnapshot, SnapshotSession

Holder = tuple[UUID | None, str]
"""A session and the path of one of its scopes, or of none; no session: persistent."""


def diff(before: GraphSnapshot, after: GraphSnapshot) -> tuple[Change | Resync, ...]:
    """Return the steps with which ``before.apply(*steps) == after``.

    None when both are equal, one change when *after* is later in the same epoch, a resync otherwise.
    """
    if before == after:
        return ()
    if before.epoch != after.epoch:
        return (Resync(after, "epoch"),)
    if before.revision >= after.revision or _replaced(before, after):
        return (Resync(after, "history"),)
    return (compare(before, after),)


def compare(before: GraphSnapshot, after: GraphSnapshot) -> Change:
    """Return everything that differs, as a change at an unknown time (0) by nobody.

    It can be applied only when *after* is later in the same epoch; `diff` sees to that.
    """
    gone, came = before.edge_owners.keys(), after.edge_owners.keys()
    return Change(
        after.epoch,
        after.revision,
        at=0.0,
        edges_added=tuple(sorted(came - gone)),
        edges_removed=tuple(sorted(gone - came)),
        ownership=tuple(_ownership(before, after)),
        started=tuple(_started(before, after)),
        ended=tuple(_started_backwards(before, after)),
        scopes=tuple(_scopes(before, after)),
        metadata=tuple(_metadata(before, after)),
        endpoints=tuple(_endpoints(before, after)),
        settings=tuple(_settings(before, after)),
        steps=after.revision - before.revision,
    )


def _replaced(before: GraphSnapshot, after: GraphSnapshot) -> bool:
    """Tell whether an id means another session now, which no run of changes can bring about."""
    both = before.sessions.keys() & after.sessions.keys()
    return any(_identity(before.sessions[id_]) != _identity(after.sessions[id_]) for id_ in both)


def _identity(session: SnapshotSession) -> tuple[str, str, float]:
    return session.name, session.peer, session.since


def _started(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[SessionStarted]:
    for id_, session in after.sessions.items():
        if id_ not in before.sessions:
            yield SessionStarted(id_, session.name, session.peer, session.since)


def _started_backwards(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[SessionEnded]:
    for start in _started(after, before):
        yield SessionEnded(start.session, start.name, reason="")


def _ownership(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[Ownership]:
    had, has = _holdings(before), _holdings(after)
    for holder in sorted(had.keys() | has.keys(), key=lambda holder: (str(holder[0] or ""), holder[1])):
        old, new = had.get(holder, ()), has.get(holder, ())
        if old is not new and old != new:
            gained, lost = sorted({*new} - {*old}), sorted({*old} - {*new})
            yield Ownership(*holder, gained=tuple(gained), lost=tuple(lost))


def _holdings(snapshot: GraphSnapshot) -> dict[Holder, Held]:
    holdings: dict[Holder, Held] = {(None, ""): snapshot.persistent}
    for id_, session in snapshot.sessions.items():
        holdings[id_, ""] = session.edges
        holdings.update(((id_, scope), held) for scope, held in session.scopes.items())
    return holdings


_NOBODY = SnapshotSession("", "", 0.0)


def _pairs(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[tuple[UUID, SnapshotSession, SnapshotSession]]:
    """Sessions that are there afterwards and changed, each with what it was."""
    for id_, now in after.sessions.items():
        was = before.sessions.get(id_, _NOBODY)
        if was is not now:
            yield id_, was, now


def _scopes(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[ScopeChanged]:
    for id_, was, now in _pairs(before, after):
        for scope in sorted(was.scopes.keys() ^ now.scopes.keys()):
            yield ScopeChanged(id_, scope, opened=scope in now.scopes)


def _metadata(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[MetadataChanged]:
    for id_, was, now in _pairs(before, after):
        if was.metadata is not now.metadata and was.metadata != now.metadata:
            yield MetadataChanged(id_, now.metadata)


def _endpoints(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[EndpointChanged]:
    for id_, was, now in _pairs(before, after):
        yield from (EndpointChanged(id_, each, False) for each in was.endpoints if each not in now.endpoints)
        yield from (EndpointChanged(id_, each, True) for each in now.endpoints if each not in was.endpoints)


def _settings(before: GraphSnapshot, after: GraphSnapshot) -> Iterator[SettingChanged]:
    for address in sorted(before.settings.keys() | after.settings.keys()):
        old, new = before.settings.get(address), after.settings.get(address)
        if old is not new and old != new:
            yield SettingChanged(address, new)
