"""Silence ends both ends in time, and a peer that answers is never given up. All by a mock clock."""

import math
import sys

import pytest
import trio
import trio.testing

from transport import Limits, Link, LinkClosed, LinkLost, Peer, Role, memory_links
from transport._doors._unix import unix_link
from transport._link._guard import GuardedStream
from transport._peer._heartbeat import Heartbeat

LIMITS = Limits(heartbeat_interval=5, heartbeat_timeout=3)
LAST_LOOK = 0.02


class Recording(Link):
    """A link that only counts pings; the test says when something is heard."""

    def __init__(self) -> None:
        self.pinged: list[float] = []
        self.heard = trio.current_time()
        self.answers = math.inf
        """Seconds after which a ping is answered."""
        self.answered = sys.maxsize
        """So many pings are; then it falls silent."""

    peer = "recording"
    role = Role.SERVER

    @property
    def last_heard(self) -> float:
        answers = [pinged + self.answers for pinged in self.pinged[: self.answered]]
        return max((at for at in answers if at <= trio.current_time()), default=self.heard)

    def ping(self) -> None:
        self.pinged.append(trio.current_time())

    async def send(self, *frames: object) -> None:
        raise AssertionError("only the writer sends")

    async def receive(self) -> bytes:
        raise AssertionError("only the reader receives")

    async def aclose(self, reason: str = "") -> None: ...

    def abort(self, reason: str) -> None: ...


async def wait_silent(link: Link, limits: Limits) -> None:
    """Look when it is time, as a reader does; return when the peer is given up."""
    heartbeat = Heartbeat(link, limits)
    while True:
        await trio.sleep_until(heartbeat.due)
        if heartbeat.beat():
            return


async def test_a_silent_peer_is_given_up_after_interval_and_timeout(
    autojump_clock: trio.testing.MockClock,
) -> None:
    link, began = Recording(), trio.current_time()
    await wait_silent(link, LIMITS)
    assert trio.current_time() - began == pytest.approx(5 + 3 + LAST_LOOK)
    assert link.pinged == [began + 5]


@pytest.mark.parametrize("limits", [LIMITS, Limits(heartbeat_interval=3, heartbeat_timeout=8)])
@pytest.mark.parametrize("answered", [0.01, 1.5, 2.9, 4.2, 7.5])
async def test_a_peer_that_falls_silent_after_its_answer_is_given_up_no_later(
    limits: Limits, answered: float, autojump_clock: trio.testing.MockClock
) -> None:
    link = Recording()
    link.answers, link.answered = min(answered, limits.heartbeat_timeout - 0.1), 1
    await wait_silent(link, limits)
    silent = trio.current_time() - link.last_heard
    assert limits.heartbeat_timeout <= silent
    assert silent <= limits.heartbeat_interval + limits.heartbeat_timeout + LAST_LOOK + 0.001


async def test_a_task_that_begins_on_a_silent_connection_gives_it_no_more_time(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ours, _mute = trio.testing.memory_stream_pair()
    link = unix_link(GuardedStream(ours, 10), Role.CLIENT, "mute", LIMITS, nursery.start_soon)
    peer, began = Peer(link, limits=LIMITS), trio.current_time()

    async def begin_late() -> None:
        await trio.sleep(7.9)
        peer.start_soon(trio.sleep_forever)

    nursery.start_soon(begin_late)
    with pytest.raises(LinkLost, match="nothing was heard"):
        await peer.run()
    assert trio.current_time() - began == pytest.approx(8 + LAST_LOOK)


async def test_an_answer_at_the_last_moment_counts(autojump_clock: trio.testing.MockClock) -> None:
    link = Recording()
    link.answers = 2.99
    with trio.move_on_after(1000) as scope:
        await wait_silent(link, LIMITS)
    assert scope.cancelled_caught
    assert len(link.pinged) == 125


async def test_an_answer_in_the_kernel_when_the_timeout_strikes_counts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    link = Recording()
    link.answers = 3.01
    with trio.move_on_after(100) as scope:
        await wait_silent(link, LIMITS)
    assert scope.cancelled_caught


async def test_a_round_in_which_this_process_was_blocked_proves_nothing(
    nursery: trio.Nursery, mock_clock: trio.testing.MockClock
) -> None:
    link, gave_up = Recording(), trio.Event()

    async def watch() -> None:
        await wait_silent(link, LIMITS)
        gave_up.set()

    async def jump(seconds: float) -> None:
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(seconds)
        await trio.testing.wait_all_tasks_blocked()

    nursery.start_soon(watch)
    await jump(5)
    await jump(30)
    await jump(LAST_LOOK)
    assert not gave_up.is_set()
    await jump(5)
    await jump(3)
    await jump(LAST_LOOK)
    assert gave_up.is_set()


async def test_a_peer_behind_a_mute_unix_socket_is_lost_in_time(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ours, mute = trio.testing.memory_stream_pair()
    link = unix_link(GuardedStream(ours, 10), Role.CLIENT, "mute", LIMITS, nursery.start_soon)
    began = trio.current_time()
    with pytest.raises(LinkLost, match="nothing was heard for 3 s after a ping"):
        await Peer(link, limits=LIMITS).run()
    assert trio.current_time() - began == pytest.approx(8 + LAST_LOOK)
    with pytest.raises(LinkClosed, match="nothing was heard"):
        await link.receive()
    assert await mute.receive_some() == b"\x00\x00\x00\x01\xc0"


async def test_a_trickle_of_bytes_is_a_sign_of_life(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ours, slow = trio.testing.memory_stream_pair()

    async def drip() -> None:
        await slow.send_all(b"\x00\x00\x10\x00")
        for _ in range(30):
            await trio.sleep(2)
            await slow.send_all(b"x")

    link = unix_link(GuardedStream(ours, 10), Role.CLIENT, "slow", LIMITS, nursery.start_soon)
    began = trio.current_time()
    nursery.start_soon(drip)
    with pytest.raises(LinkLost, match="nothing was heard"):
        await Peer(link, limits=LIMITS).run()
    assert 60 <= trio.current_time() - began <= 60 + 8 + LAST_LOOK


async def test_two_peers_that_have_nothing_to_say_stay_together(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ends = memory_links()
    peers = [Peer(link, limits=LIMITS) for link in ends]
    for peer in peers:
        await nursery.start(peer.run)
    await trio.sleep(10_000)
    assert [" open," in repr(peer) for peer in peers] == [True, True]
    assert trio.current_time() - peers[0].last_heard <= 5
    nursery.cancel_scope.cancel()
