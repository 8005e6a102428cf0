"""What a runner and its worker process say to each other, and how an error gets from one to the other.

Both ends are ours, so all of it travels as pickles.
"""

import traceback
from contextlib import suppress
from typing import Any
from uuid import UUID

import attrs

from actors._floor import Supervision
from graphmeta import Component, dump_trusted, load_trusted
from transport import Limits

from ._errors import WorkerFailed, WorkerTraceback


@attrs.frozen(eq=False)
class Shipped:
    """An error on its way between two processes."""

    pickled: bytes | None
    """None when it cannot be pickled, or not be loaded again."""
    kind: str
    text: str
    notes: tuple[str, ...]
    """Apart: not every class pickles them."""
    trace: str

    def unpack(self, address: str) -> BaseException:
        """The error as itself, or else a `WorkerFailed`; its traceback, if it came along, is its cause."""
        error = self._loaded() or WorkerFailed(address, self.kind, self.text)
        # Around the error's own class: a frozen one would refuse.
        BaseException.__setattr__(error, "__notes__", [*self.notes])
        BaseException.__setattr__(error, "__cause__", WorkerTraceback(self.trace) if self.trace else None)
        return error

    def _loaded(self) -> BaseException | None:
        with suppress(Exception):  # Whatever its class does when it is loaded.
            error = None if self.pickled is None else load_trusted(self.pickled)
            return error if isinstance(error, BaseException) else None
        return None


def ship(error: BaseException, *, with_trace: bool = True) -> Shipped:
    """Pack an error, traceback and notes included."""
    trace = "".join(traceback.format_exception(error)) if with_trace else ""
    return Shipped(_pickled(error), type(error).__qualname__, str(error), tuple(getattr(error, "__notes__", ())), trace)


def _pickled(error: BaseException) -> bytes | None:
    try:
        data = dump_trusted(error)
        return data if isinstance(load_trusted(data), BaseException) else None
    except Exception:  # Whatever its class does on either way: it goes as text.
        return None


def wrap(value: object) -> bytes:
    """Pickle what somebody else made, by itself: if the other end cannot load it, the talk goes on. Raises anything."""
    return dump_trusted(value)


def unwrap(data: bytes) -> Any:
    """Load what was wrapped. Raises anything."""
    return load_trusted(data)


# -- from the runner -----------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Assignment:
    """The first word to a worker: what it runs, and where its session is."""

    root: Component
    members: frozenset[str]
    """Addresses of what runs there; what is missing below the root has a worker of its own."""
    session_name: str
    supervision: Supervision
    limits: Limits | None = None
    """Of the link to the graph that the worker has inherited."""
    graph: str | None = None
    """The graph's URL, when it is elsewhere."""
    token: str | None = attrs.field(default=None, repr=False)
    insecure: bool = False


@attrs.frozen
class Delegated:
    """The worker's session may report settings now."""


@attrs.frozen
class Go:
    """Every component of the run is ready: let the tasks go."""


@attrs.frozen
class Stop:
    """Shut down, and exit."""


@attrs.frozen(eq=False)
class Take:
    """Have a unit take settings; `Took` answers, under the same number."""

    number: int
    address: str
    values: bytes
    """By path, wrapped."""


# -- from the worker -----------------------------------------------------------------------------------------


@attrs.frozen
class Joined:
    """The worker's session has begun."""

    session: UUID


@attrs.frozen
class Ready:
    """Endpoints are open, and units initialized."""


@attrs.frozen(eq=False)
class Took:
    """The answer to `Take`: settings in readable form, or a refusal."""

    number: int
    readable: Any = None
    refusal: Shipped | None = None


@attrs.frozen(eq=False)
class Changed:
    """A unit has taken settings: the next life of its process begins with them."""

    address: str
    settings: bytes
    """Wrapped."""


@attrs.frozen(eq=False)
class Noted:
    """A component failed; its restart policy deals with it."""

    address: str
    error: Shipped


@attrs.frozen
class Finished:
    """Every component of the worker has done its work."""


@attrs.frozen
class EndAll:
    """A component asked for the end of the whole run."""


@attrs.frozen(eq=False)
class Over:
    """The last word: what no restart policy took."""

    error: Shipped
    noted: bool
    """Whether it was told of already."""
