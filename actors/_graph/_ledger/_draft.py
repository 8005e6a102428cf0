"""A change in the making: what one command does, gathered while it is done."""

from collections.abc import Iterable
from uuid import UUID

import attrs

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

Holder = tuple[UUID, str] | None
"""Who holds an edge: a session's scope (the empty path is the session itself), or None for persistent edges."""


@attrs.define
class Draft:
    """Consequences of one command; empty means that nothing changed and no revision is due."""

    revision: int
    """The number that the change gets."""
    at: float
    """When it happens, Unix time."""
    edges_added: list[Edge] = attrs.field(factory=list)
    edges_removed: list[Edge] = attrs.field(factory=list)
    ownership: list[Ownership] = attrs.field(factory=list)
    started: list[SessionStarted] = attrs.field(factory=list)
    ended: list[SessionEnded] = attrs.field(factory=list)
    scopes: list[ScopeChanged] = attrs.field(factory=list)
    metadata: list[MetadataChanged] = attrs.field(factory=list)
    endpoints: list[EndpointChanged] = attrs.field(factory=list)
    settings: list[SettingChanged] = attrs.field(factory=list)
    seeds: Seeds | None = None
    """Where the settings that changed are those of a registration, and no others."""
    measured: int = 0
    """Bytes of metadata and settings in it, about."""

    def gain(self, holder: Holder, gained: Iterable[Edge], added: Iterable[Edge]) -> None:
        """A holder gained edges, of which *added* are new to the topology."""
        if edges := tuple(sorted(gained)):
            session, scope = holder or (None, "")
            self.ownership.append(Ownership(session, scope, gained=edges))
            self.edges_added.extend(added)

    def lose(self, holder: Holder, lost: Iterable[Edge], removed: Iterable[Edge]) -> None:
        """A holder lost edges, of which *removed* left the topology."""
        if edges := tuple(sorted(lost)):
            session, scope = holder or (None, "")
            self.ownership.append(Ownership(session, scope, lost=edges))
            self.edges_removed.extend(removed)

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

    def seal(self, epoch: UUID, by: UUID | None, by_name: str) -> Change | None:
        """The finished change, or None when nothing happened."""
        if not self:
            return None
        return Change(
            epoch,
            self.revision,
            self.at,
            by,
            by_name,
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
