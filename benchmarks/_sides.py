"""The two servers whose sessions are compared, and what of their answers must be equal."""

from contextlib import AbstractAsyncContextManager

import attrs

from actors import GraphSnapshot, Session, open_session

from . import _ezmsg
from ._process import Server


@attrs.frozen
class Sides:
    """The two servers under comparison."""

    ours: Server
    ezmsg: Server

    def open(self) -> AbstractAsyncContextManager[Session]:
        return open_session(self.ours.place["ws"], name="benchmark", token=self.ours.place["token"])

    def open_unix(self) -> AbstractAsyncContextManager[Session]:
        return open_session(self.ours.place["unix"], name="benchmark")

    def peer(self) -> _ezmsg.GraphContext:
        return _ezmsg.context(self.ezmsg.place)

    def hold(self, edges: int, components: int) -> None:
        """Have somebody else hold so much on both sides."""
        self.ours.tell("hold", edges, components)
        self.ezmsg.tell("hold", edges, components)

    def crowd(self, sessions: int, peer: bool) -> None:
        """Have somebody else hold so many sessions on our side, and on the other too if *peer*."""
        self.ours.tell("crowd", sessions)
        if peer:
            self.ezmsg.tell("crowd", sessions)

    def drop(self) -> None:
        self.ours.tell("drop")
        self.ezmsg.tell("drop")


def edges_of(snapshot: GraphSnapshot) -> set[tuple[str, str]]:
    return {(edge.from_topic, edge.to_topic) for edge, owners in snapshot.edge_owners.items() if owners}


def addresses_of(snapshot: GraphSnapshot) -> set[str]:
    """Return the addresses of all ports that sessions have declared."""
    units = [unit for one in snapshot.sessions.values() if one.metadata for unit in one.metadata.units.values()]
    return {port.address for unit in units for port in (*unit.input_streams.values(), *unit.output_streams.values())}
