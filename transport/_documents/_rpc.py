"""JSON-RPC 2.0, sans-I/O: four records, and how they look as documents.

A frame in, a record out; a record in, bytes out. No batches. What is wrong with a frame is raised as the very
error that its sender should be told. Knows nothing of links, services or tasks.
"""

from typing import Annotated, Any, Literal

import msgspec

from transport._errors import InvalidRequest, ParseError, Undecodable
from transport._link._link import Frame

from ._codec import Codec, Payload, codec_of
from ._nesting import PlainBounds

RequestId = int | str

CANCEL = "cancel"

BIGGEST_ID = 2**53 - 1
"""The largest integer that every JSON implementation keeps exactly."""
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
"""A method name or a textual id."""
_Id = Annotated[int, msgspec.Meta(ge=-BIGGEST_ID, le=BIGGEST_ID)] | _Name


class Request(msgspec.Struct, frozen=True):
    """Somebody wants an answer."""

    id: RequestId
    method: str
    params: Payload[Any]


class Notification(msgspec.Struct, frozen=True):
    """Somebody wants no answer."""

    method: str
    params: Payload[Any]


class Cancel(msgspec.Struct, frozen=True):
    """A request is given up: it is still answered once, by what it did or with ``RequestCancelled``."""

    id: RequestId


class Reply(msgspec.Struct, frozen=True):
    """The answer to a request."""

    id: RequestId
    result: Payload[Any]


class Failure(msgspec.Struct, frozen=True):
    """The answer that says why not; without an id it is about a document that had no readable one."""

    id: RequestId | None
    code: int
    message: str
    type: str
    """The wire name of the error, empty when the peer gave none."""
    fields: Payload[Any]


Record = Request | Notification | Reply | Failure


class _Error(msgspec.Struct):
    code: int
    message: str
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _ErrorData(msgspec.Struct):
    type: str
    fields: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Envelope(msgspec.Struct):
    """All members that a JSON-RPC document may have; which ones are there tells what it is."""

    jsonrpc: Literal["2.0"]
    id: _Id | msgspec.UnsetType | None = msgspec.UNSET
    method: _Name | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: _Error | msgspec.UnsetType = msgspec.UNSET


def read_frame(frame: Frame, bounds: PlainBounds) -> Record:
    """Read one document. Raises `ParseError` or `InvalidRequest`: what its sender should be told."""
    codec = codec_of(frame)
    try:
        envelope = codec.decode(frame, _Envelope)
    except Undecodable as error:
        raise _why_unreadable(codec, frame, error) from None
    if envelope.method is msgspec.UNSET:
        return _read_answer(envelope, codec, bounds)
    return _read_request(envelope, envelope.method, codec, bounds)


def _why_unreadable(codec: Codec, frame: Frame, error: Undecodable) -> ParseError | InvalidRequest:
    """Tell a well-formed document of another shape from what does not parse at all."""
    try:
        codec.decode(frame, msgspec.Raw)
    except Undecodable:
        return ParseError(str(error))
    return InvalidRequest(str(error))


def _read_request(envelope: _Envelope, method: str, codec: Codec, bounds: PlainBounds) -> Request | Notification:
    if envelope.result is not msgspec.UNSET or envelope.error is not msgspec.UNSET:
        raise InvalidRequest("a document is a request or an answer, not both")
    # Not `Payload[Any](...)`, which would take four times as long to make.
    params: Payload[Any] = Payload(codec, None if envelope.params is msgspec.UNSET else envelope.params, bounds)
    if envelope.id is msgspec.UNSET:
        return Notification(method, params)
    if envelope.id is None:
        raise InvalidRequest("the id of a request is an integer or a text")
    return Request(envelope.id, method, params)


def _read_answer(envelope: _Envelope, codec: Codec, bounds: PlainBounds) -> Reply | Failure:
    id_ = None if envelope.id is msgspec.UNSET else envelope.id
    if envelope.error is msgspec.UNSET:
        if envelope.result is msgspec.UNSET:
            raise InvalidRequest("a document has a method, a result or an error")
        if id_ is None:
            raise InvalidRequest("an answer has the id of its request")
        return Reply(id_, Payload(codec, envelope.result, bounds))
    if envelope.result is not msgspec.UNSET:
        raise InvalidRequest("an answer has a result or an error, not both")
    error, kind, fields = envelope.error, "", None
    if error.data is not msgspec.UNSET:
        kind, fields = _read_error_data(error.data, codec)
    return Failure(id_, error.code, error.message, kind, Payload(codec, fields, bounds))


def _read_error_data(data: msgspec.Raw, codec: Codec) -> tuple[str, msgspec.Raw | None]:
    """Foreign peers may put anything into ``data``; only our own shape has a meaning here."""
    try:
        decoded: _ErrorData = codec.decode(data, _ErrorData)
    except Undecodable:
        return "", None
    return decoded.type, None if decoded.fields is msgspec.UNSET else decoded.fields


def request_document(id_: RequestId, method: str, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def notification_document(method: str, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def reply_document(id_: RequestId, result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "result": result}


def failure_document(id_: RequestId | None, error: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "error": error}
