"""A change in the making: what one command does, gathered while it is done."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from graphmeta import (
    Change,
    Edge,
    EndpointChanged,
    MetadataChanged,
    Ownership,
    ScopeChanged,
    Seeds,
    SessionEnded,
    SessionStarted,
    SettingChanged,
)

from ._record import Record

Holder = tuple[UUID, str] | None
"""Who holds an edge: a session's scope (the empty path is the session itself), or None for persistent edges."""


class Draft(msgspec.Struct, eq=False):  # The quickest kind of record: every command makes one.
    """Consequences of one command; empty means that nothing changed and no revision is due."""

    revision: int
    """The number that the change gets."""
    at: float
    """When it happens, Unix time."""
    by: Record | None
    """The session that does it; None: the graph's own process."""
    edges_added: list[Edge] = []
    edges_removed: list[Edge] = []
    ownership: list[Ownership] = []
    started: list[SessionStarted] = []
    ended: list[SessionEnded] = []
    scopes: list[ScopeChanged] = []
    metadata: list[MetadataChanged] = []
    endpoints: list[EndpointChanged] = []
    settings: list[SettingChanged] = []
    seeds: Seeds | None = None
    """Where the settings that changed are those of a registration, and no others."""
    measured: int = 0
    """Bytes of metadata and settings in it, about."""

    def gain(self, holder: Holder, gained: Iterable[Edge], added: Iterable[Edge]) -> None:
        """A holder gained edges, of which *added* are new to the topology."""
        if edges := tuple(sorted(gained)):
            session, scope = holder or (None, "")
            self.ownership.append(Ownership(session, scope, gained=edges))
            self.edges_added.extend(edges if added is gained else added)  # Sorted already: quicker to sort.

    def lose(self, holder: Holder, lost: Iterable[Edge], removed: Iterable[Edge]) -> None:
        """A holder lost edges, of which *removed* left the topology."""
        if edges := tuple(sorted(lost)):
            session, scope = holder or (None, "")
            self.ownership.append(Ownership(session, scope, lost=edges))
            self.edges_removed.extend(edges if removed is lost else removed)

    def __bool__(self) -> bool:
        """Whether anything happened; whatever a command does shows in one of these."""
        return bool(
            self.ownership
            or self.settings
            or self.endpoints
            or self.started
            or self.ended
            or self.metadata
            or self.scopes
        )

    def seal(self, epoch: UUID) -> Change | None:
        """The finished change, or None when nothing happened."""
        if not self:
            return None
        return Change(
            epoch,
            self.revision,
            self.at,
            self.by.id if self.by else None,
            self.by.name if self.by else "",
            tuple(sorted(self.edges_added)),
            tuple(sorted(self.edges_removed)),
            tuple(self.ownership),
            tuple(self.started),
            tuple(self.ended),
            tuple(self.scopes),
            tuple(self.metadata),
            tuple(self.endpoints),
            tuple(self.settings),
        )
