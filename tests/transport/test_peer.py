"""Asking and answering, between two peers."""

from typing import Any

import pytest
import trio
import trio.testing
from peer_ends import Calculator, Ends, Refused

from transport import (
    InvalidParams,
    MethodNotFound,
    Payload,
    ProtocolError,
    RemoteError,
    Service,
    Shared,
)


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
    with pytest.raises(MethodNotFound, match="no such method: fly; is the other end of another version"):
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
