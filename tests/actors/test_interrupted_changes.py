"""Ctrl-C at the worst moment of a change: everybody is told of it all the same."""

import signal

import pytest
import trio

from actors import Session, open_graph, open_session
from graphmeta import GraphMetadata, UnitMetadata

UNIT = GraphMetadata(units={"SYS/U": UnitMetadata("SYS/U", "U", "t.U")})
CHANGES = {
    "connect": lambda session: session.connect("A", "B"),
    "connect, persistent": lambda session: session.connect("A", "B", persistent=True),
    "register": lambda session: session.register_metadata(UNIT),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_was_decided_is_told_although_ctrl_c_strikes_at_once(name: str) -> None:
    told: list[int] = []

    async def main() -> None:
        async with open_graph() as graph, open_session(graph, name="one") as session:
            await strike(graph._supervisor, session)

    async def strike(supervisor, session: Session) -> None:
        ledger = supervisor._ledger
        decide, watch = ledger.decide, supervisor.watch(ledger.revision, ledger.epoch)

        def struck(*command):
            decision = decide(*command)
            signal.raise_signal(signal.SIGINT)
            return decision

        ledger.decide = struck
        try:
            await CHANGES[name](session)
        finally:
            ledger.decide = decide
            told.append(watch.receive_nowait().revision - ledger.revision)

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)
    assert told == [0]
