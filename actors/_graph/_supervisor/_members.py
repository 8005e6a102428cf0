"""Who is in the graph: the server's sides of its sessions, found by id or by name. Knows nothing of what they own."""

import time
from collections.abc import Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from actors._data import Flow
from actors._graph._errors import AmbiguousSession, SessionError, UnknownSession
from actors._graph._ledger._record import Record
from actors._graph._ledger._results import Role, SessionInfo

from ._nearest import nearest
from ._statistics import Owner

SHORT_ID: Final = 8
"""Characters of an id that are enough to name a session, if no other's begins with them."""


class Member(Protocol):
    """What the supervisor must know of a session's server side."""

    @property
    def id(self) -> UUID: ...

    @property
    def name(self) -> str: ...

    def end(self, error: SessionError | None, by: UUID | None = None) -> None:
        """Release everything and tell the body; idempotent and synchronous."""

    @property
    def software(self) -> str: ...

    @property
    def role(self) -> Role: ...

    @property
    def flows(self) -> Mapping[int, Flow]:
        """The data path of each open endpoint, by its number."""

    def silent(self) -> float:
        """Seconds since its link was last heard; 0 in process."""

    async def apply_settings(self, address: str, values: dict[str, Any]) -> Any:
        """Have the owning unit take settings; returns its readable settings, or raises its refusal."""


class Members(dict[UUID, Member]):
    """The sessions that are open, by id."""

    def named(self, name_or_id: str) -> Member:
        """The one session of that name or id, or of an id that begins so; `UnknownSession` or `AmbiguousSession`."""
        found = [m for m in self.values() if name_or_id in (m.name, str(m.id))]
        if not found and len(name_or_id) >= SHORT_ID:
            found = [m for m in self.values() if str(m.id).startswith(name_or_id)]
        if not found:
            raise UnknownSession(name_or_id, nearest(name_or_id, (m.name for m in self.values())))
        if len(found) > 1:
            raise AmbiguousSession(name_or_id, tuple(str(m.id) for m in found))
        return found[0]

    def info(self, record: Record) -> SessionInfo:
        """One of them as an operator sees it, with what the ledger has on it."""
        member = self[record.id]
        return SessionInfo(
            record.id,
            record.name,
            record.peer,
            record.since,
            max(0.0, time.time() - record.since),
            record.held,
            len(record.addresses),
            len(record.endpoints),
            member.silent(),
            member.software,
            member.role,
        )

    def owner(self, record: Record) -> Owner:
        """One of them as the owner of its endpoints."""
        return Owner(record.id, record.name, tuple(record.endpoints.values()), self[record.id].flows)
