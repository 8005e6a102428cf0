"""Two peers at work over a link in memory, for the tests of peers."""

from typing import Any

import attrs
import trio
import trio.testing

from transport import (
    ErrorTable,
    Limits,
    LinkLost,
    Payload,
    Peer,
    Service,
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
    async def add_later(self, a: int, b: int) -> int:
        await trio.sleep(1)
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
    def part(self) -> str:
        """End the connection, and this answer is the last word."""
        assert self.peer is not None
        self.log.append("leaving")
        self.peer.close_next()
        return "farewell"

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
