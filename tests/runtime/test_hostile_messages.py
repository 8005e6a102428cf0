"""Peers that break the rules of messages: each loses an endpoint or its connection, and nobody else notices."""

import pickle
import sys
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
from halls import open_hall

from actors._graph._doors._hall import serve_link
from transport import Limits, LinkLost, Payload, Peer, Service, memory_links, wire_method


class Told:
    """What the server told a client that knows nothing but the wire."""

    def __init__(self):
        self.record = []

    @wire_method
    def message(self, endpoint: int, messages: Payload[list[object]], dropped: int = 0) -> None:
        self.record.append(("message", endpoint, messages.decode(list[object])))

    @wire_method
    def grant(self, endpoint: int, count: int) -> None:
        self.record.append(("grant", endpoint, count))

    @wire_method
    def endpoint_ended(self, endpoint: int, reason: str) -> None:
        self.record.append(("ended", endpoint, reason))

    @wire_method
    def ended(self, reason: str, by: str | None = None) -> None:
        self.record.append(("session ended", reason))


class Bare:
    """A client that says what it likes."""

    def __init__(self, peer, told):
        self.peer, self.told = peer, told
        self.lost = trio.Event()

    async def open(self, direction, **options):
        answer = await self.peer.request("open_endpoint", {"topic": "A", "direction": direction, **options})
        return answer["id"]

    def say(self, method, **params):
        self.peer.notify(method, params, bulk=method == "message")

    async def settled(self):
        """What it was told, once the server has seen all that it said."""
        await trio.testing.wait_all_tasks_blocked()
        return self.told.record


@asynccontextmanager
async def bare_client(hall, *, json):
    ours, theirs = memory_links(limits=hall.limits)
    hall.nursery.start_soon(serve_link, hall.graph._supervisor, theirs)
    told = Told()
    bare = Bare(Peer(ours, limits=hall.limits, service=Service(told), json=json), told)

    async def run():
        try:
            await bare.peer.run()
        except LinkLost:
            bare.lost.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await bare.peer.request("open", {"name": "bare"})
        yield bare
        nursery.cancel_scope.cancel()


BOTH = pytest.mark.parametrize("json", [True, False], ids=["json", "msgpack"])


@asynccontextmanager
async def honest_pair(hall):
    """Two who talk to each other while others misbehave, before and after."""
    async with hall.join("memory", "one") as one, hall.join("local", "two") as two:
        async with one.publisher("HONEST") as a, two.subscriber("HONEST") as b:
            await a.send(1)
            yield
            await a.send(2)
            assert [await b.receive(), await b.receive()] == [1, 2]


@BOTH
async def test_a_client_of_the_wire_publishes_and_subscribes_by_numbers_and_credits(hall, json):
    async with bare_client(hall, json=json) as bare:
        subscriber = await bare.open("subscriber", max_queue=2)
        publisher = await bare.open("publisher", max_queue=3)
        bare.say("message", endpoint=publisher, messages=[1, {"two": 2}, [3.5, None]])
        record = await bare.settled()
        assert sorted(map(str, record)) == sorted(
            map(str, [("message", subscriber, [1, {"two": 2}]), ("grant", publisher, 2)])
        )
        record.clear()
        bare.say("grant", endpoint=subscriber, count=2)
        assert sorted(map(str, await bare.settled())) == sorted(
            map(str, [("message", subscriber, [[3.5, None]]), ("grant", publisher, 1)])
        )


@BOTH
async def test_a_leaky_subscriber_that_grants_nothing_gets_what_its_queue_holds_and_then_the_newest(hall, json):
    async with bare_client(hall, json=json) as bare, hall.join("local", "one") as one, one.publisher("A") as a:
        number = await bare.open("subscriber", leaky=True, max_queue=2)
        for message in range(3):
            await a.send(message)
            await bare.settled()
        for message in range(3, 10):
            await a.send(message)
        assert [entry[2] for entry in await bare.settled()] == [[0], [1]]
        bare.say("grant", endpoint=number, count=2)
        assert [entry[2] for entry in await bare.settled()] == [[0], [1], [8, 9]]


MISDEEDS = {
    "more messages than credits": (
        "publisher",
        "message",
        {"messages": [1, 2, 3]},
        "messages on their way: more than 2",
    ),
    "messages that are no list": ("publisher", "message", {"messages": {"a": 1}}, ""),
    "messages to a subscriber": ("subscriber", "message", {"messages": [1]}, "messages go to publishers"),
    "a grant to a publisher": ("publisher", "grant", {"count": 1}, "messages go to publishers"),
    "a grant for nothing": ("subscriber", "grant", {"count": 1}, "messages granted: 1, on their way: 0"),
    "a negative grant": ("subscriber", "grant", {"count": -1}, "messages granted: -1"),
    "a huge grant": ("subscriber", "grant", {"count": 2**60}, "messages granted: 1152921504606846976"),
}


@BOTH
@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_a_misdeed_ends_the_endpoint_and_says_why(hall, misdeed, json):
    direction, method, params, words = MISDEEDS[misdeed]
    async with honest_pair(hall), bare_client(hall, json=json) as bare:
        number = await bare.open(direction, max_queue=2)
        bare.say(method, endpoint=number, **params)
        ((what, which, reason),) = await bare.settled()
        assert (what, which) == ("ended", number)
        assert words in reason
        assert not bare.lost.is_set()
        # What was on its way to an endpoint that has ended is no second misdeed.
        bare.say(method, endpoint=number, **params)
        assert len(await bare.settled()) == 1
        assert (await bare.peer.request("snapshot", {}))["revision"] > 0
        assert await bare.open(direction) > number


@BOTH
@pytest.mark.parametrize("number", [0, 7, -1, 2**60])
@pytest.mark.parametrize("opened", [False, True])
async def test_a_number_that_never_was_ends_the_connection(hall, number, opened, json):
    async with honest_pair(hall), bare_client(hall, json=json) as bare:
        if opened:
            await bare.open("publisher", number=6)
        bare.say("message", endpoint=number, messages=[1])
        await bare.settled()
        # Up to the highest number that there was, it may have come late.
        assert bare.lost.is_set() == (not (opened and number == 0))


@BOTH
async def test_a_number_in_use_and_one_that_json_cannot_say_are_refused(hall, json):
    async with bare_client(hall, json=json) as bare:
        await bare.open("publisher", number=6)
        for number in (6, -1, 2**53):
            with pytest.raises(Exception, match=r"InvalidEndpoint|its number"):
                await bare.open("publisher", number=number)


ext = msgspec.msgpack.Ext


def nest(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


UNFIT = {
    "nested deeply": nest(200),
    "a foreign extension": ext(99, b"x"),
    "a hollow array": ext(1, b"x"),
    "a large array of nothing": ext(1, msgspec.msgpack.encode(("<f8", (2**40,), b""))),
    "no number": "x",
}


@pytest.mark.parametrize("unfit", UNFIT)
async def test_a_message_that_a_local_subscriber_cannot_take_ends_its_publisher(hall, unfit):
    async with honest_pair(hall), hall.join("local", "two") as two, two.subscriber("A", list[int]) as b:
        async with bare_client(hall, json=False) as bare:
            number = await bare.open("publisher")
            bare.say("message", endpoint=number, messages=[[1], UNFIT[unfit], [2]])
            assert [entry[:2] for entry in await bare.settled()] == [("ended", number)]
        assert await b.receive() == [1]
        assert b.queued == 0


async def test_a_message_that_would_fill_the_memory_of_a_local_subscriber_ends_its_publisher():
    limits = Limits(decoded_bytes=1_000_000)
    async with open_hall(limits) as hall, honest_pair(hall), hall.join("local", "two") as two:
        async with two.subscriber("A", object) as b, bare_client(hall, json=False) as bare:
            number = await bare.open("publisher")
            bare.say("message", endpoint=number, messages=[[[]] * 5_000, [{}] * 20_000])
            ended = (await bare.settled())[-1]
            assert ended[:2] == ("ended", number)
            assert "once decoded" in ended[2] or "parts" in ended[2]
            assert await b.receive() == [[]] * 5_000


async def test_a_message_whose_validator_fails_in_any_way_ends_its_publisher_only(hall):
    class Rude(msgspec.Struct):
        value: int

        def __post_init__(self):
            raise KeyError("rude")

    async with honest_pair(hall), hall.join("local", "two") as two, two.subscriber("A", Rude):
        async with bare_client(hall, json=True) as bare:
            number = await bare.open("publisher")
            bare.say("message", endpoint=number, messages=[{"value": 1}])
            assert [entry[:2] for entry in await bare.settled()] == [("ended", number)]


async def test_json_reads_what_msgpack_said_and_the_other_way_round(hall):
    numpy = pytest.importorskip("numpy")
    async with bare_client(hall, json=True) as bare, hall.join("memory", "one") as one:
        async with one.publisher("A", numpy.ndarray) as a, one.subscriber("A", numpy.ndarray) as b:
            await bare.open("subscriber", number=1)
            await a.send(numpy.array([1.0, numpy.nan]))
            ((_, _, said),) = await bare.settled()
            await b.receive()
            assert said == [{"$array": ["<f8", [2], "AAAAAAAA8D8AAAAAAAD4fw=="]}]
            await bare.open("publisher", number=2)
            bare.say("message", endpoint=2, messages=said)
            arrived = await b.receive()
            assert arrived.tobytes() == numpy.array([1.0, numpy.nan]).tobytes()


async def test_more_bytes_than_may_wait_end_the_publisher_and_what_waited_is_let_go():
    limits = Limits(queue_bytes=10_000)
    async with open_hall(limits) as hall, hall.join("local", "two") as two, two.subscriber("A", max_queue=1):
        async with honest_pair(hall), bare_client(hall, json=False) as bare:
            number = await bare.open("publisher")
            bare.say("message", endpoint=number, messages=["x" * 6_000] * 3)
            record = await bare.settled()
            assert record[-1][:2] == ("ended", number)
            assert "queue_bytes" in record[-1][2]


async def test_a_session_whose_endpoints_hold_too_much_together_loses_the_last_of_them():
    limits = Limits(queue_bytes=10_000, queue_bytes_per_session=25_000)
    async with open_hall(limits) as hall, hall.join("local", "two") as two:
        async with honest_pair(hall), bare_client(hall, json=False) as bare:
            await two.pause()
            for number in range(1, 5):
                await bare.open("publisher", number=number)
                bare.say("message", endpoint=number, messages=["x" * 8_000])
            record = await bare.settled()
            assert [entry[:2] for entry in record] == [("ended", 4)]
            assert "queue_bytes_per_session" in record[0][2]
            await two.resume()
            assert sorted(entry[:2] for entry in (await bare.settled())[1:]) == [("grant", n) for n in (1, 2, 3)]


async def test_a_session_for_which_too_much_waits_loses_the_subscriber_that_made_it_too_much():
    limits = Limits(queue_bytes=10_000, queue_bytes_per_session=25_000)
    async with open_hall(limits) as hall, hall.join("local", "one") as one, one.publisher("A") as a:
        async with honest_pair(hall), bare_client(hall, json=False) as bare:
            for number in range(1, 4):
                await bare.open("subscriber", number=number, leaky=True, max_queue=3)
            for _ in range(9):
                await a.send("x" * 4_000)
                await bare.settled()
            ended = [entry for entry in bare.told.record if entry[0] == "ended"]
            # The first to hold a third message beyond the three that left; without it the others are within bounds.
            assert [entry[1] for entry in ended] == [1]
            assert "queue_bytes_per_session" in ended[0][2]


async def test_nobody_who_does_not_read_holds_up_more_than_his_own_publishers(hall):
    async with hall.join("memory", "one") as one, bare_client(hall, json=False) as bare:
        await bare.open("subscriber", max_queue=4)
        async with one.publisher("A") as a, honest_pair(hall):
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:

                    async def flood():
                        while True:
                            await a.send(0)

                    nursery.start_soon(flood)
                    await trio.testing.wait_all_tasks_blocked()
                    assert a.sent <= 4 + a.window
                    scope.cancel()
            # Its window was full, and is dropped with the block that was cancelled or left.
            bare.peer.abort("enough")


@BOTH
async def test_no_message_of_a_peer_is_ever_unpickled(hall, json):
    seen = []
    watching = True

    def audit(event, arguments):
        if watching and event == "pickle.find_class":
            seen.append(arguments)

    sys.addaudithook(audit)
    bomb = pickle.dumps(ValueError("boo"), protocol=5)
    try:
        async with hall.join("local", "two") as two, bare_client(hall, json=json) as bare:
            async with two.subscriber("A", object) as anything, two.subscriber("A", str if json else bytes) as exact:
                number = await bare.open("publisher")
                far = await bare.open("subscriber")
                said = bomb.decode("latin-1") if json else bomb
                bare.say("message", endpoint=number, messages=[said])
                assert await anything.receive() == await exact.receive() == said
                assert [entry for entry in await bare.settled() if entry[0] == "message"] == [("message", far, [said])]
        assert seen == []
        pickle.loads(bomb)
        assert seen != []  # the hook works
    finally:
        watching = False
