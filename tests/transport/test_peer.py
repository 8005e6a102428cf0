"""What two peers promise each other, over a link in memory."""

from typing import Any

import attrs
import pytest
import trio
import trio.testing

from transport import (
    ErrorTable,
    InvalidParams,
    LimitExceeded,
    Limits,
    LinkLost,
    MethodNotFound,
    Payload,
    Peer,
    ProtocolError,
    RemoteError,
    Service,
    Shared,
    decode_values,
    memory_links,
    wire_method,
)


@attrs.frozen
class Refused(Exception):
    why: str
    path: tuple[str, ...]


@attrs.frozen
class OnlyHere(Exception):
    """An error that the other end does not know."""

    detail: str


@attrs.frozen
class Part:
    name: str
    size: int


class Calculator:
    """The service of the server; ``peer`` is its end."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.peer: Peer | None = None

    @wire_method
    def add(self, a: int, b: int = 1) -> int:
        """Add two numbers."""
        return a + b

    @wire_method
    def refuse(self, why: str) -> None:
        raise Refused(why, ("a", "b"))

    @wire_method
    def refuse_oddly(self) -> None:
        raise OnlyHere("strange")

    @wire_method
    def crash(self) -> None:
        raise ZeroDivisionError

    @wire_method
    async def crash_later(self) -> None:
        raise ZeroDivisionError

    @wire_method
    async def wait(self) -> str:
        self.log.append("waiting")
        try:
            await trio.sleep_forever()
        finally:
            self.log.append("left")

    @wire_method
    async def wait_stubbornly(self) -> str:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
        return "done"

    @wire_method
    def note(self, text: str) -> None:
        self.log.append(text)

    @wire_method
    async def note_later(self, text: str) -> None:
        await trio.sleep(1)
        self.log.append(text)

    @wire_method
    def repeat(self, text: str) -> str:
        return text

    @wire_method
    def tell(self, sizes: list[int], answer: int) -> str:
        """Tell the caller that many changes and then answer."""
        assert self.peer is not None
        for size in sizes:
            self.peer.notify("change", {"text": "c" * size})
        return "r" * answer

    @wire_method
    def pour(self, count: int) -> None:
        assert self.peer is not None
        for number in range(count):
            self.peer.notify("message", {"number": number, "data": "m" * 1000}, bulk=True)

    @wire_method
    async def weigh(self, parts: Payload[dict[str, Part]]) -> int:
        decoded = await decode_values(parts, Part)
        return sum(part.size for part in decoded.values())

    @wire_method
    def opaque(self, data: Payload[Any], more: Payload[Any] | None = None) -> str:
        return f"{data.decode(list[int])} {more}"


class Ends:
    """Two peers at work."""

    def __init__(self, nursery: trio.Nursery, *, json: bool = False, limits: Limits | None = None) -> None:
        self.client_link, self.server_link = memory_links(limits)
        self.calculator = Calculator()
        self.notified: list[tuple[str, Any]] = []
        errors, theirs = ErrorTable(Refused), ErrorTable(Refused, OnlyHere)
        self.client = Peer(self.client_link, errors=errors, json=json, limits=limits, on_notify=self.take)
        self.server = Peer(self.server_link, errors=theirs, service=Service(self.calculator), limits=limits)
        self.calculator.peer = self.server
        self.lost: dict[str, str] = {}
        self.over = {"client": trio.Event(), "server": trio.Event()}
        self.nursery = nursery

    def take(self, method: str, params: Payload[Any]) -> None:
        self.notified.append((method, params.decode(Any)))

    async def start(self, *names: str) -> "Ends":
        for name in names or ("client", "server"):
            await self.nursery.start(self._run, name)
        return self

    async def _run(self, name: str, *, task_status: trio.TaskStatus[None]) -> None:
        try:
            await getattr(self, name).run(task_status=task_status)
        except LinkLost as error:
            self.lost[name] = error.reason
        finally:
            self.over[name].set()


@pytest.fixture(params=["msgpack", "json"])
async def ends(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Ends:
    return await Ends(nursery, json=request.param == "json").start()


async def test_a_request_comes_back_with_its_result(ends: Ends) -> None:
    assert await ends.client.request("add", {"a": 1, "b": 2}, int) == 3
    assert await ends.client.request("add", {"a": 1}, int) == 2


async def test_many_requests_in_flight_find_their_own_answers(ends: Ends) -> None:
    answers: list[int] = []

    async def ask(number: int) -> None:
        answers.append(await ends.client.request("add", {"a": number, "b": 0}, int) - number)

    async with trio.open_nursery() as nursery:
        for number in range(300):
            nursery.start_soon(ask, number)
    assert answers == [0] * 300


async def test_a_known_error_arrives_as_itself(ends: Ends) -> None:
    with pytest.raises(Refused) as caught:
        await ends.client.request("refuse", {"why": "because"})
    assert caught.value.args == ("because", ("a", "b"))


async def test_an_unknown_error_keeps_its_name_its_text_and_its_fields(ends: Ends) -> None:
    with pytest.raises(RemoteError, match="OnlyHere") as caught:
        await ends.client.request("refuse_oddly", {})
    assert caught.value.type == "OnlyHere"
    assert caught.value.fields == {"detail": "strange"}


async def test_an_unknown_method_and_wrong_parameters_are_typed_answers(ends: Ends) -> None:
    with pytest.raises(MethodNotFound, match="no such method: fly"):
        await ends.client.request("fly", {})
    with pytest.raises(InvalidParams, match=r"Expected `int`, got `str` - at `\$\.a`"):
        await ends.client.request("add", {"a": "one"})
    with pytest.raises(InvalidParams, match="unknown field `c`"):
        await ends.client.request("add", {"a": 1, "c": 2})


async def test_a_result_of_another_type_is_the_peers_fault(ends: Ends) -> None:
    with pytest.raises(ProtocolError, match="Expected `str`, got `int`"):
        await ends.client.request("add", {"a": 1}, str)
    assert await ends.client.request("add", {"a": 1}, int) == 2


async def test_a_cancelled_request_is_cancelled_at_the_other_end(ends: Ends) -> None:
    with trio.move_on_after(0.01):
        await ends.client.request("wait", {})
    await trio.testing.wait_all_tasks_blocked()
    assert ends.calculator.log == ["waiting", "left"]
    assert await ends.client.request("add", {"a": 1}, int) == 2


async def test_a_cancelled_request_that_is_done_anyway_stands(ends: Ends, autojump_clock: Any) -> None:
    with trio.move_on_after(0.5):
        await ends.client.request("wait_stubbornly", {})
    await trio.sleep(2)
    assert await ends.client.request("add", {"a": 1}, int) == 2
    assert ends.lost == {}


async def test_a_cancelled_request_that_has_not_left_is_taken_back(nursery: trio.Nursery) -> None:
    ends = Ends(nursery)
    with trio.move_on_after(0.01):
        await ends.client.request("note", {"text": "too late"})
    await ends.start()
    assert await ends.client.request("add", {"a": 1}, int) == 2
    assert ends.calculator.log == []


async def test_a_lost_link_fails_every_request_at_once(ends: Ends) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(expect_lost, ends.client)
        await trio.testing.wait_all_tasks_blocked()
        ends.server.abort("pulled the plug")
    with pytest.raises(LinkLost):
        await ends.client.request("add", {"a": 1})
    with pytest.raises(LinkLost):
        ends.client.notify("note", {"text": "?"})
    with pytest.raises(LinkLost):
        await ends.client.wait_room()
    await ends.over["client"].wait()
    assert ends.calculator.log == ["waiting"] * 3 + ["left"] * 3
    assert ends.lost == {"client": "the connection broke off", "server": "pulled the plug"}


async def expect_lost(peer: Peer) -> None:
    with pytest.raises(LinkLost, match="the connection broke off"):
        await peer.request("wait", {})


async def test_closing_sends_what_waits_and_only_the_other_end_calls_it_a_loss(ends: Ends) -> None:
    ends.client.notify("note", {"text": "bye"})
    ends.client.close()
    with pytest.raises(LinkLost, match="this end has closed it"):
        ends.client.notify("note", {"text": "too late"})
    await trio.testing.wait_all_tasks_blocked()
    await ends.client_link.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert ends.lost == {"server": "the peer closed the connection"}
    assert ends.calculator.log == ["bye"]


async def test_closing_fails_what_is_in_flight(ends: Ends) -> None:
    async def ask() -> None:
        with pytest.raises(LinkLost, match="closed by this end"):
            await ends.client.request("wait", {})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        ends.client.close()


async def test_closing_does_not_wait_for_a_peer_that_takes_nothing(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ends = await Ends(nursery).start("client")
    for _ in range(40):
        ends.client.notify("note", {"text": "x" * 100_000})
    started = trio.current_time()
    ends.client.close()
    await ends.over["client"].wait()
    assert trio.current_time() - started == ends.client.limits.close_seconds


@pytest.mark.parametrize("method", ["crash", "crash_later"])
async def test_a_bug_in_a_method_leaves_run_as_itself(method: str) -> None:
    client_link, server_link = memory_links()
    client, server = Peer(client_link), Peer(server_link, service=Service(Calculator()))

    async def ask() -> None:
        with pytest.raises(LinkLost):
            await client.request(method, {})

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await nursery.start(run_to_loss, client)
            with pytest.raises(ZeroDivisionError):
                await server.run()
            await server_link.aclose()


async def run_to_loss(peer: Peer, *, task_status: trio.TaskStatus[None]) -> None:
    with pytest.raises(LinkLost):
        await peer.run(task_status=task_status)


@pytest.mark.parametrize("change", [10, 300_000])
@pytest.mark.parametrize("answer", [10, 300_000])
async def test_what_was_told_before_a_reply_arrives_before_it(ends: Ends, change: int, answer: int) -> None:
    result = await ends.client.request("tell", {"sizes": [change, 5, change], "answer": answer}, str)
    assert len(result) == answer
    assert [len(params["text"]) for _, params in ends.notified] == [change, 5, change]


async def test_messages_delay_no_reply(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery).start()
    await ends.client.request("pour", {"count": 1000})
    seen = len(ends.notified)
    assert await ends.client.request("add", {"a": 1}, int) == 2
    assert len(ends.notified) - seen < 100
    await trio.testing.wait_all_tasks_blocked()
    assert [params["number"] for _, params in ends.notified] == list(range(1000))


async def test_a_large_value_crosses_in_fragments_both_ways(ends: Ends) -> None:
    text = 'é"\\' * 700_000
    assert await ends.client.request("repeat", {"text": text}, str) == text


async def test_small_requests_overtake_a_large_transfer(ends: Ends) -> None:
    order: list[str] = []

    async def ask(name: str, text: str) -> None:
        await ends.client.request("repeat", {"text": text})
        order.append(name)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "large", "x" * 8_000_000)
        nursery.start_soon(ask, "small", "x")
    assert order == ["small", "large"]


async def test_too_much_to_tell_is_refused_and_there_is_room_again_when_it_has_left(
    nursery: trio.Nursery,
) -> None:
    ends = Ends(nursery, limits=Limits(outbox_bytes=100_000))
    with pytest.raises(LimitExceeded) as caught:
        for _ in range(1000):
            ends.client.notify("note", {"text": "x" * 10_000})
    assert caught.value.name == "outbox_bytes"
    told = len(ends.client._sender)
    assert told == 10
    ends.client.notify("note", {"text": "a message"}, bulk=True)
    await ends.start()
    with trio.fail_after(1):
        await ends.client.wait_room()
    ends.client.notify("note", {"text": "again"})
    assert await ends.client.request("add", {"a": 1}, int) == 2
    await trio.testing.wait_all_tasks_blocked()
    assert len(ends.calculator.log) == told + 2


async def test_whoever_waits_for_room_is_told_of_the_end(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery, limits=Limits(outbox_bytes=1000)).start("client")
    for _ in range(17):
        ends.client.notify("note", {"text": "x" * 1000})
        await trio.testing.wait_all_tasks_blocked()
    ends.client.notify("note", {"text": "x" * 1000})

    async def wait() -> None:
        with pytest.raises(LinkLost, match="enough"):
            await ends.client.wait_room()

    async with trio.open_nursery() as inner:
        inner.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        ends.client.abort("enough")


async def test_only_so_many_requests_may_wait_at_once(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery, limits=Limits(requests_in_flight=3)).start()
    async with trio.open_nursery() as asking:
        for _ in range(3):
            asking.start_soon(ends.client.request, "wait", {})
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(LimitExceeded) as caught:
            await ends.client.request("wait", {})
        assert caught.value.args == ("requests_in_flight", 3)
        assert await ends.client.request("add", {"a": 1}, int) == 2
        asking.cancel_scope.cancel()
    with trio.move_on_after(0.01) as scope:
        await ends.client.request("wait", {})
    assert scope.cancelled_caught


async def test_a_document_above_the_limit_never_leaves(nursery: trio.Nursery) -> None:
    limits = Limits(client_document_bytes=300_000, server_document_bytes=400_000)
    ends = await Ends(nursery, limits=limits).start()
    with pytest.raises(LimitExceeded) as caught:
        await ends.client.request("repeat", {"text": "x" * 300_000})
    assert caught.value.name == "client_document_bytes"
    assert len(ends.client._calls) == 0
    with pytest.raises(LimitExceeded) as caught:
        await ends.client.request("tell", {"sizes": [], "answer": 400_000})
    assert caught.value.args == ("server_document_bytes", 400_000)
    assert await ends.client.request("add", {"a": 1}, int) == 2


async def test_a_notification_runs_a_method_of_either_kind(ends: Ends, autojump_clock: trio.testing.MockClock) -> None:
    ends.client.notify("note", {"text": "now"})
    ends.client.notify("note_later", {"text": "later"})
    ends.client.notify("note", {"wrong": "ignored"})
    ends.client.notify("refuse", {"why": "nobody hears it"})
    ends.client.notify("nobody_has_this", {})
    await trio.sleep(2)
    assert ends.calculator.log == ["now", "later"]
    assert ends.lost == {}


async def test_both_ends_may_ask(ends: Ends) -> None:
    ends.client.service = Service(Calculator())
    with pytest.raises(MethodNotFound):
        await ends.client.request("fly", {})
    assert await ends.server.request("add", {"a": 20, "b": 22}, int) == 42


async def test_a_part_may_stay_encoded_until_its_method_decodes_it(ends: Ends) -> None:
    parts = {f"part {number}": {"name": "x", "size": number} for number in range(100)}
    assert await ends.client.request("weigh", {"parts": parts}, int) == 4950
    assert await ends.client.request("opaque", {"data": [1, 2]}, str) == "[1, 2] None"
    payload = await ends.client.request("repeat", {"text": "kept"}, Payload)
    assert payload.decode(str) == "kept"


async def test_a_part_that_cannot_be_decoded_is_the_callers_mistake(ends: Ends) -> None:
    with pytest.raises(ProtocolError, match="Expected `int`, got `str`"):
        await ends.client.request("weigh", {"parts": {"x": {"name": "x", "size": "large"}}})
    with pytest.raises(ProtocolError, match="Expected `object`, got `array`"):
        await ends.client.request("weigh", {"parts": [1]})


async def test_a_shared_value_is_encoded_once_for_all(nursery: trio.Nursery) -> None:
    encoded: list[str] = []

    class Spy(Shared):
        def encoded(self, codec: str, encode: Any) -> bytes:
            return super().encoded(codec, lambda value: encoded.append(codec) or encode(value))

    shared = Spy({"graph": [1, 2, 3]})
    both = [await Ends(nursery, json=json).start() for json in (False, True, False, True)]
    for ends in both:
        ends.client.notify("opaque", {"data": shared})
        await ends.client.request("add", {"a": 1})
        ends.server.notify("change", {"change": shared})
    await trio.testing.wait_all_tasks_blocked()
    assert [ends.notified for ends in both] == [[("change", {"change": {"graph": [1, 2, 3]}})]] * 4
    assert sorted(encoded) == ["json", "msgpack"]


async def test_ready_encodings_are_put_in_as_they_are(ends: Ends) -> None:
    ready = Shared.encoded_as(json=b"[4,5]", msgpack=b"\x92\x04\x05")
    assert await ends.client.request("opaque", {"data": ready}, str) == "[4, 5] None"
    with pytest.raises(TypeError, match="was not encoded for"):
        ends.client.notify("opaque", {"data": Shared.encoded_as()})
    with pytest.raises(TypeError, match="object cannot cross the wire"):
        ends.client.notify("opaque", {"data": object()})
    assert repr(ready) == "<Shared encoded for json, msgpack>"


async def test_the_server_speaks_as_its_client_does(ends: Ends, request: pytest.FixtureRequest) -> None:
    assert not ends.server.speaks_json
    await ends.client.request("add", {"a": 1})
    assert ends.server.speaks_json == ("json" in request.node.name)


async def test_cancelling_run_fails_what_is_in_flight(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery).start("server")

    async def ask() -> None:
        with pytest.raises(LinkLost, match="this end stopped"):
            await ends.client.request("wait", {})

    async with trio.open_nursery() as inner:
        inner.start_soon(ask)
        with trio.move_on_after(0.01):
            await ends.client.run()
    assert "stopped" in repr(ends.client)
