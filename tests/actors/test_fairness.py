"""However much a client asks at once, its connection decides a bounded number of requests in each turn of the loop."""

from collections import Counter

import pytest
import trio

from actors._graph._session._service import SessionService

ASKED = 300
PER_TURN = 8
"""Frames that a link gives between two schedule points."""


class Turns(trio.abc.Instrument):
    """Which turn of the event loop this is."""

    number = 0

    def before_io_wait(self, timeout: float) -> None:
        self.number += 1


# In process every request has the caller's own task.
@pytest.mark.parametrize("house", ["memory", "websocket", "unix"], indirect=True)
async def test_a_peer_that_floods_gets_few_requests_a_turn(house, monkeypatch: pytest.MonkeyPatch) -> None:
    turns, decided = Turns(), Counter[int]()
    upstream = SessionService.upstream

    def counted(self: SessionService, topic: str) -> tuple[str, ...]:
        decided[turns.number] += 1
        return upstream(self, topic)

    async with house.join("flooder") as session:
        monkeypatch.setattr(SessionService, "upstream", counted)
        trio.lowlevel.add_instrument(turns)
        async with trio.open_nursery() as nursery:
            for _ in range(ASKED):
                nursery.start_soon(session._line.request, "upstream", {"topic": "A"}, tuple[str, ...])
        trio.lowlevel.remove_instrument(turns)
    assert sum(decided.values()) == ASKED
    assert max(decided.values()) <= PER_TURN
