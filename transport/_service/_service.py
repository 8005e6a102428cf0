"""Methods that a peer may call, on one object.

Parameters are decoded before the method runs. A synchronous method is decided in the reader; an asynchronous
one gets a task. Knows nothing of peers.
"""

from collections.abc import Callable, Hashable
from functools import cache, partial
from typing import Any, Final, cast

import attrs
import msgspec

from transport._documents._codec import Payload
from transport._documents._shared import Shared
from transport._errors import InvalidParams, MethodNotFound, NotPermitted, Undecodable
from transport._link._link import Frame

from ._discover import DISCOVER, describe_service
from ._service_table import WireMethod, wire_method, wire_methods
from ._whole_requests import WholeRequest, WholeRequests


class Service:
    """The wire methods of one object, and ``rpc.discover``, which describes them.

    With ``read_only`` those that are not marked ``@wire_method(reads=True)`` are refused with `NotPermitted`.
    ``describes`` is the class to describe if it is not the target's: what there will be after the opening.
    """

    def __init__(self, target: Any, *, read_only: bool = False, describes: type | None = None) -> None:
        self._target: Final = target
        self._read_only: Final = read_only
        self._describes: Final = describes or type(target)
        self._methods: Final = wire_methods(cast("Hashable", type(target)))
        self._whole: Final = _whole_requests(cast("Hashable", type(target)))

    def __repr__(self) -> str:
        return f"<Service of {type(self._target).__name__}: {', '.join(self._methods)}>"

    def __contains__(self, name: object) -> bool:
        return name in self._methods

    def find(self, name: str) -> WireMethod:
        """Find a method. Raises `MethodNotFound` or `NotPermitted`: the caller's mistake."""
        method = _DISCOVER if name == DISCOVER else self._methods.get(name)
        if method is None:
            raise MethodNotFound(name)
        if self._read_only and not method.reads:
            raise NotPermitted(name)
        return method

    def read_whole(self, frame: Frame) -> WholeRequest | None:
        """Read a request in msgpack together with its parameters; None if that cannot be."""
        return self._whole.read(frame)

    def bind(self, method: WireMethod, params: Payload[Any] | msgspec.Struct) -> Callable[[], Any]:
        """Decode the parameters and give the call to make. Raises `InvalidParams`, or a record's error."""
        arguments = _decoded(method, params) if isinstance(params, Payload) else msgspec.structs.asdict(params)
        function = self.describe if method is _DISCOVER else getattr(self._target, method.name)
        return partial(function, **arguments)

    @wire_method(reads=True)
    def describe(self) -> Any:
        """Describe the methods of this service as an OpenRPC document."""
        return _description(cast("Hashable", self._describes))


@cache
def _description(cls: Any) -> Shared:
    """Make the description of a class once: it takes longer than a turn of the reader should."""
    return Shared(describe_service(cls))


@cache
def _whole_requests(cls: Hashable) -> WholeRequests:
    return WholeRequests(wire_methods(cls).values())


_DISCOVER = attrs.evolve(wire_methods(cast("Hashable", Service))["describe"], name=DISCOVER)


def _decoded(method: WireMethod, params: Payload[Any]) -> dict[str, Any]:
    try:
        record = params.read(method.params)
    except Undecodable as error:
        if params.present:
            raise InvalidParams(method.name, str(error)) from None
        record = _defaults(method)
    arguments = msgspec.structs.asdict(record)
    for name in method.undecoded:
        if isinstance(arguments[name], msgspec.Raw):
            arguments[name] = params.part(arguments[name])
    return arguments


def _defaults(method: WireMethod) -> msgspec.Struct:
    try:
        return method.params()
    except TypeError as error:
        raise InvalidParams(method.name, str(error)) from None
