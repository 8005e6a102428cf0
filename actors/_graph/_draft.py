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
    SessionEnded,
    SessionStarted,
    SettingChanged,
)


@attrs.define
class Draft:
    """Consequences of one command; empty means that nothing changed and no revision is due."""

    edges_added: list[Edge] = attrs.field(factory=list)
    edges_removed: list[Edge] = attrs.field(factory=list)
    ownership: list[Ownership] = attrs.field(factory=list)
    started: list[SessionStarted] = attrs.field(factory=list)
    ended: list[SessionEnded] = attrs.field(factory=list)
    scopes: list[ScopeChanged] = attrs.field(factory=list)
    metadata: list[MetadataChanged] = attrs.field(factory=list)
    endpoints: list[EndpointChanged] = attrs.field(factory=list)
    settings: list[SettingChanged] = attrs.field(factory=list)

    def gain(self, session: UUID | None, scope: str, gained: Iterable[Edge], added: Iterable[Edge]) -> None:
        """A holder gained edges, of which *added* are new to the topology."""
        if edges := tuple(sorted(gained)):
            self.ownership.append(Ownership(session, scope, gained=edges))
            self.edges_added.extend(added)

    def lose(self, session: UUID | None, scope: str, lost: Iterable[Edge], removed: Iterable[Edge]) -> None:
        """A holder lost edges, of which *removed* left the topology."""
        if edges := tuple(sorted(lost)):
            self.ownership.append(Ownership(session, scope, lost=edges))
            self.edges_removed.extend(removed)

    def seal(self, epoch: UUID, revision: int, at: float, by: UUID | None, by_name: str) -> Change | None:
        """The finished change, or None when nothing happened."""
        parts = {name: tuple(part) for name, part in attrs.asdict(self, recurse=False).items() if part}
        if not parts:
            return None
        for edges in ("edges_added", "edges_removed"):
            parts[edges] = tuple(sorted(parts.get(edges, ())))
        return Change(epoch, revision, at, by, by_name, **parts)
