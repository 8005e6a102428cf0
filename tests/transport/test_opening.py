"""The first request of a connection, taken before the peer runs."""

import attrs
import pytest
import trio
import trio.testing

from transport import (
    ErrorTable,
    InvalidParams,
    LimitExceeded,
    Limits,
    Link,
    LinkLost,
    MethodNotFound,
    Opening,
    Peer,
    Service,
    memory_links,
    wire_method,
)


@attrs.frozen
class Hello:
    name: str


@attrs.frozen
class NotWelcome(Exception):
    name: str


class Early:
    @wire_method
    def version(self) -> str:
        return "1"

    @wire_method
    async def wait(self) -> None: ...


class Session:
    def __init__(self, name: str) -> None:
        self.name = name

    @wire_method
    def who(self) -> str:
        return self.name


async def serve(link: Link, log: list[str]) -> None:
    peer = Peer(link, service=Service(Early()), errors=ErrorTable(NotWelcome))
    try:
        opening = await peer.receive_opening(Hello)
        log.append(f"opened by {opening.params.name}")
        if opening.params.name == "mallory":
            await opening.refuse(NotWelcome(opening.params.name))
            await link.aclose()
            return
        await answer(opening, peer)
    except LinkLost as error:
        log.append(error.reason)


async def answer(opening: Opening[Hello], peer: Peer) -> None:
    opening.accept(f"welcome {opening.params.name}", Service(Session(opening.params.name)))
    await peer.run()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture(params=[False, True], ids=["msgpack", "json"])
async def client(request: pytest.FixtureRequest, nursery: trio.Nursery, log: list[str]) -> Peer:
    ours, theirs = memory_links()
    nursery.start_soon(serve, theirs, log)
    peer = Peer(ours, errors=ErrorTable(NotWelcome), json=request.param)

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        try:
            await peer.run(task_status=task_status)
        except LinkLost:
            log.append("lost")

    await nursery.start(run)
    return peer


async def test_an_opening_that_is_accepted_serves_what_was_opened(client: Peer, log: list[str]) -> None:
    assert await client.request("open", {"name": "alice"}, str) == "welcome alice"
    assert await client.request("who", {}, str) == "alice"
    with pytest.raises(MethodNotFound):
        await client.request("version", {})
    with pytest.raises(MethodNotFound):
        await client.request("open", {"name": "bob"})
    assert log == ["opened by alice"]


async def test_an_opening_that_is_refused_is_answered_and_over(client: Peer, log: list[str]) -> None:
    with pytest.raises(NotWelcome) as caught:
        await client.request("open", {"name": "mallory"})
    assert caught.value.name == "mallory"
    await trio.testing.wait_all_tasks_blocked()
    assert log == ["opened by mallory", "lost"]


async def test_before_the_opening_only_what_needs_no_task_can_be_asked(client: Peer) -> None:
    assert await client.request("version", {}, str) == "1"
    for method in ("who", "wait", "fly"):
        with pytest.raises(MethodNotFound):
            await client.request(method, {})
    client.notify("who", {})
    assert await client.request("open", {"name": "alice"}, str) == "welcome alice"


async def test_wrong_parameters_may_be_corrected(client: Peer) -> None:
    with pytest.raises(InvalidParams, match="Expected `str`, got `int`"):
        await client.request("open", {"name": 1})
    with pytest.raises(InvalidParams, match="missing required field `name`"):
        await client.request("open", {})
    assert await client.request("open", {"name": "alice"}, str) == "welcome alice"


async def test_the_opening_has_a_deadline_however_busy_the_client_is(
    client: Peer, log: list[str], autojump_clock: trio.testing.MockClock
) -> None:
    with pytest.raises(LinkLost):  # which of the requests meets the end is not the point
        while True:
            await client.request("version", {})
            await trio.sleep(0.4)
            if log:
                client.abort("the server let go")
    assert log[0] == "no 'open' within 5 s"
    assert trio.current_time() == pytest.approx(5.2, abs=0.3)


async def test_hanging_up_before_the_opening_is_a_loss(nursery: trio.Nursery, log: list[str]) -> None:
    ours, theirs = memory_links()
    nursery.start_soon(serve, theirs, log)
    await ours.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert log == ["the peer closed the connection"]


async def test_breaking_the_protocol_before_the_opening_is_a_loss(nursery: trio.Nursery, log: list[str]) -> None:
    ours, theirs = memory_links()
    nursery.start_soon(serve, theirs, log)
    await ours.send("{}")
    await ours.send(b"\x80")
    await trio.testing.wait_all_tasks_blocked()
    assert log == ["the peer broke the protocol: this connection speaks json"]


async def test_too_much_plain_data_is_no_opening(nursery: trio.Nursery, log: list[str]) -> None:
    ours, theirs = memory_links()
    limits = Limits(decoded_bytes=100)

    async def open_anything() -> None:
        await Peer(theirs, limits=limits).receive_opening(dict)

    with trio.move_on_after(1):
        async with trio.open_nursery() as inner:
            inner.start_soon(open_anything)
            client = Peer(ours)
            await inner.start(client.run)
            with pytest.raises(LimitExceeded) as caught:
                await client.request("open", {"name": "x" * 200})
            assert caught.value.args == ("decoded_bytes", 100)
            inner.cancel_scope.cancel()
