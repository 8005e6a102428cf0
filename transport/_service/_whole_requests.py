"""Requests that are read in one go, envelope and parameters together: most are small, and so is what they may cost.

Only what is exactly as it should be is read so. Anything else goes the long way, by `read_frame` and the decoding of
its parameters, which finds out what is wrong with it. Knows nothing of services.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar, Literal, Union, cast

import msgspec

from transport._documents._rpc import BIGGEST_ID
from transport._documents._shapes import is_open_ended
from transport._link._link import Frame

from ._service_table import WireMethod

_FOUR_MEMBERS = b"\x84"
"""Begins every request of ours in msgpack, and no notification or answer: those are not looked at twice.

Nor is there room for a member that does not belong to a request.
"""


class WholeRequest(msgspec.Struct):
    """A request with its parameters: the base of one record for each method."""

    method: ClassVar[str]
    jsonrpc: Literal["2.0"]
    id: Annotated[int, msgspec.Meta(ge=-BIGGEST_ID, le=BIGGEST_ID)]
    params: msgspec.Struct


class WholeRequests:
    """Reads the requests for those methods that answer at once and whose parameters are bounded by their types."""

    def __init__(self, methods: Iterable[WireMethod]) -> None:
        shapes = tuple(_shape(method) for method in methods if _is_bounded(method))
        any_of_them = Union[shapes] if shapes else None  # noqa: UP007 - they are known only here
        self._decode: Callable[[Any], Any] = msgspec.msgpack.Decoder(any_of_them).decode

    def read(self, frame: Frame) -> WholeRequest | None:
        """Read a request in msgpack; None for what must go the long way."""
        if frame[:1] != _FOUR_MEMBERS:
            return None
        try:
            whole: WholeRequest = self._decode(frame)
        except Exception:  # Whatever it is, and be it a record's own refusal, the long way meets it again.
            return None
        return whole


def _is_bounded(method: WireMethod) -> bool:
    return not (method.waits or method.undecoded or is_open_ended(method.params))


def _shape(method: WireMethod) -> type[WholeRequest]:
    shape = msgspec.defstruct(
        method.name,
        [("params", method.params)],
        bases=(WholeRequest,),
        namespace={"method": method.name},
        tag_field="method",
        tag=method.name,
    )
    return cast("type[WholeRequest]", shape)
