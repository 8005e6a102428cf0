"""The ports of components: where messages arrive, leave, or pass through.

A port on a class is a template; every instance has one of its own, with an address once its component is
bound. This file knows neither components nor edges, and nothing that runs.
"""

import copy
import typing
from types import UnionType
from typing import Any, Final, Generic, Self, TypeVar

from graphmeta._errors import InvalidComponent

T = TypeVar("T")

DEFAULT_MAX_QUEUE: Final = 32
"""How many messages wait for a subscriber before its publishers do, unless it says otherwise."""

INSIDE: Final = "inside"
"""The last segment of the topic on a relay's inner side."""

_FORMS: Final = ("typing", "types", "typing_extensions")
"""Where the classes of unions, aliases, type variables and their like come from."""


class Port(Generic[T]):
    """A place of a component that messages of one type go through; its address is a topic."""

    def __init__(self, message_type: type[T] | UnionType | None) -> None:
        self.message_type: Final[Any] = message_type
        self._name = ""
        self._holder = ""
        self._address: str | None = None

    def __repr__(self) -> str:
        where = f"{self._holder}.{self._name}" if self._name else f"of {_kind_text(self.message_type)}"
        return f"<{type(self).__name__} {self._address or where}>"

    @property
    def name(self) -> str:
        """The attribute that holds it; empty for a template."""
        return self._name

    @property
    def address(self) -> str:
        """Its topic; raises `InvalidComponent` before its component is bound, the asker is to blame."""
        if self._address is None:
            raise InvalidComponent(self._holder, self._name, "it has no address before its component is bound")
        return self._address

    def _own(self, holder: str, name: str) -> Self:
        """Return a port like this one, for an instance of the class called *holder*."""
        own = copy.copy(self)
        own._holder, own._name = holder, name
        return own

    def _bind(self, component: str | None) -> None:
        self._address = None if component is None else f"{component}/{self._name}"

    def _fault(self) -> str | None:
        """Return what is wrong with the declaration; its class raises that, with both names."""
        kind = self.message_type
        if kind is None or kind is Any or isinstance(kind, type) or typing.get_origin(kind) is not None:
            return None
        return None if type(kind).__module__ in _FORMS else f"{kind!r:.80} is no message type"


class _Queued(Port[T]):
    """What has a subscriber, and so a queue."""

    def __init__(
        self,
        message_type: type[T] | UnionType | None,
        *,
        leaky: bool = False,
        max_queue: int = DEFAULT_MAX_QUEUE,
    ) -> None:
        super().__init__(message_type)
        self.leaky: Final = leaky
        self.max_queue: Final = max_queue

    def _fault(self) -> str | None:
        max_queue: object = self.max_queue
        if type(max_queue) is not int or not 1 <= max_queue < 2**31:
            return "max_queue must be a number of messages, at least 1"
        return _bool_fault("leaky", self.leaky) or super()._fault()


class InputStream(_Queued[T]):
    """Where messages arrive at a unit: at most ``max_queue`` of them wait there.

    When they do, publishers wait too; ``leaky`` has the oldest dropped instead.
    """


class OutputStream(Port[T]):
    """Where messages leave a unit."""


class Topic(Port[T]):
    """A name on a collection that messages pass through, at no cost."""


class InputTopic(Topic[T]):
    """A name on a collection by which messages enter it."""


class OutputTopic(Topic[T]):
    """A name on a collection by which messages leave it."""


class Relay(_Queued[T]):
    """What both kinds of relay share: a task takes messages on one side and sends them on at the other.

    ``address`` is its topic on the outer side. With ``copy_on_forward`` what it sends on is a deep copy, so
    that whoever gets it may change it.
    """

    def __init__(
        self,
        message_type: type[T] | UnionType | None,
        *,
        leaky: bool = False,
        max_queue: int = DEFAULT_MAX_QUEUE,
        copy_on_forward: bool = True,
    ) -> None:
        super().__init__(message_type, leaky=leaky, max_queue=max_queue)
        self.copy_on_forward: Final = copy_on_forward

    @property
    def inside(self) -> str:
        """Its topic on the inner side; raises as ``address`` does."""
        return f"{self.address}/{INSIDE}"

    @property
    def takes_from(self) -> str:
        """The topic that its task subscribes to."""
        return self.inside if isinstance(self, OutputRelay) else self.address

    @property
    def sends_to(self) -> str:
        """The topic that its task publishes on."""
        return self.address if isinstance(self, OutputRelay) else self.inside

    def _fault(self) -> str | None:
        return _bool_fault("copy_on_forward", self.copy_on_forward) or super()._fault()


class InputRelay(Relay[T], InputTopic[T]):
    """A way into a collection with a queue of its own: what arrives at ``address`` goes on ``inside``."""


class OutputRelay(Relay[T], OutputTopic[T]):
    """A way out of a collection with a queue of its own: what arrives ``inside`` goes on at ``address``."""


def _bool_fault(name: str, value: object) -> str | None:
    return None if isinstance(value, bool) else f"{name} must be True or False"


def _kind_text(message_type: object) -> str:
    return message_type.__qualname__ if isinstance(message_type, type) else f"{message_type!r:.80}"
