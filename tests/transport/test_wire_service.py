"""What a service offers, and what it refuses before a method runs. No tasks here."""

from collections.abc import Awaitable
from typing import Any

import attrs
import msgspec
import pytest

from transport import (
    InvalidParams,
    MethodNotFound,
    NotPermitted,
    Payload,
    Service,
    wire_method,
)
from transport._documents._codec import JSON, MSGPACK, Codec
from transport._documents._nesting import PlainBounds
from transport._documents._rpc import read_frame

BOUNDS = PlainBounds(64, 1024 * 1024)
CODECS = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])


def read(codec: Codec, document: Any) -> Any:
    return read_frame(codec.frame(codec.encode(document)), BOUNDS)


@attrs.frozen
class Typed:
    name: str
    sizes: dict[str, tuple[int, ...]] = attrs.field(factory=dict)


class Methods:
    @wire_method
    def plain(self, a: int, b: str = "b", *, c: float | None = None) -> str:
        """Put together.

        More words.
        """
        return f"{a}{b}{c}"

    @wire_method
    async def slow(self, typed: Typed) -> Typed:
        return typed

    @wire_method
    def later(self) -> Awaitable[int]:
        """Decided now, answered later."""
        raise NotImplementedError

    def hidden(self) -> None: ...


class Overriding(Methods):
    @wire_method
    def plain(self, a: int, b: str = "b", *, c: float | None = None) -> str:
        return "overridden"


class SilentlyOverriding(Methods):
    def plain(self, a: int, b: str = "b", *, c: float | None = None) -> str:
        return "not on the wire"


def bound(service: Service, name: str, params: Any) -> Any:
    record = read(JSON, {"jsonrpc": "2.0", "method": "m", "params": params})
    return service.bind(service.find(name), record.params)


def test_a_service_has_its_marked_methods_only() -> None:
    service = Service(Methods())
    assert "plain" in service
    assert "hidden" not in service
    assert repr(service) == "<Service of Methods: later, plain, slow>"
    with pytest.raises(MethodNotFound):
        service.find("hidden")


def test_parameters_are_by_name_and_typed_and_have_defaults() -> None:
    service = Service(Methods())
    assert bound(service, "plain", {"a": 1})() == "1bNone"
    assert bound(service, "plain", {"a": 1, "b": "x", "c": 2})() == "1x2.0"
    for wrong in ({}, {"a": "1"}, {"a": 1, "d": 1}, [1], {"a": 1.5}, {"a": 1, "c": "x"}):
        with pytest.raises(InvalidParams):
            bound(service, "plain", wrong)


def test_a_service_runs_the_override_of_its_own_object() -> None:
    assert bound(Service(Overriding()), "plain", {"a": 1})() == "overridden"
    assert "plain" not in Service(SilentlyOverriding())


def test_a_method_without_annotations_is_its_authors_mistake() -> None:
    class Careless:
        @wire_method
        def method(self, a) -> None: ...  # type: ignore[no-untyped-def]  # the mistake

    class Forgetful:
        @wire_method
        def method(self, a: int): ...  # type: ignore[no-untyped-def]  # the mistake

    with pytest.raises(TypeError, match="annotate a"):
        Service(Careless())
    with pytest.raises(TypeError, match="annotate the result"):
        Service(Forgetful())


@attrs.frozen
class Picky:
    even: int = attrs.field()

    @even.validator
    def _check(self, _: Any, value: int) -> None:
        if value % 2:
            raise ValueError("odd")


class TakesPicky:
    @wire_method
    def take(self, picky: Picky) -> int:
        return picky.even


def test_what_a_record_refuses_is_a_wrong_parameter() -> None:
    with pytest.raises(InvalidParams, match="odd"):
        bound(Service(TakesPicky()), "take", {"picky": {"even": 1}})


# --- who may only read, and the description


class Library:
    @wire_method(reads=True)
    def look(self, shelf: int, deep: bool = False) -> list[Typed]:
        """Look at a shelf.

        Longer.
        """
        return [Typed(f"{shelf}{deep}")]

    @wire_method
    async def burn(self, books: Payload[Any]) -> None:
        """Burn what is given."""


def test_a_service_for_reading_refuses_what_changes_something() -> None:
    service = Service(Library(), read_only=True)
    assert bound(service, "look", {"shelf": 1})() == [Typed("1False")]
    with pytest.raises(NotPermitted, match="may only read, and burn changes something"):
        service.find("burn")
    with pytest.raises(MethodNotFound):
        service.find("fly")
    assert Service(Library()).find("burn").name == "burn"


def test_a_service_describes_its_methods_from_their_annotations() -> None:
    document = msgspec.json.decode(JSON.encode(bound(Service(Library()), "rpc.discover", {})()))
    assert document["openrpc"] == "1.3.2"
    assert document["info"]["title"] == "Library"
    burn, look = document["methods"]
    assert (look["name"], look["summary"], look["paramStructure"]) == ("look", "Look at a shelf.", "by-name")
    assert (look["x-reads"], burn["x-reads"]) == (True, False)
    assert look["params"] == [
        {"name": "shelf", "required": True, "schema": {"type": "integer"}},
        {"name": "deep", "required": False, "schema": {"type": "boolean", "default": False}},
    ]
    reference = {"$ref": "#/components/schemas/Typed"}
    assert look["result"] == {"name": "result", "schema": {"type": "array", "items": reference}}
    assert document["components"]["schemas"]["Typed"]["required"] == ["name"]
    assert burn["params"] == [{"name": "books", "required": True, "schema": {}}]
    assert "rpc.discover" not in Service(Library())


def test_a_plain_function_that_returns_an_awaitable_is_answered_later_with_what_that_gives() -> None:
    service = Service(Methods())
    assert [service.find(name).waits for name in ("plain", "slow", "later")] == [False, True, True]
    assert service.find("later").result is int


def test_a_service_of_nothing_describes_what_there_will_be() -> None:
    before = Service(None, describes=Library)
    assert JSON.encode(bound(before, "rpc.discover", {})()) == JSON.encode(
        bound(Service(Library()), "rpc.discover", {})()
    )
    with pytest.raises(MethodNotFound):
        before.find("look")
