"""Which errors cross the wire as themselves: a table from class to name and back.

Whoever builds on transport lists its own error classes; those of JSON-RPC are always there. An error that is
not in the table is a bug of this end and is never sent. An unknown name from the peer becomes a
`RemoteError`.
"""

from typing import Any

import attrs

from transport._errors import (
    InvalidParams,
    InvalidRequest,
    LimitExceeded,
    MethodNotFound,
    NotPermitted,
    ParseError,
    ProtocolError,
    RemoteError,
    RequestCancelled,
    Undecodable,
)

from ._rpc import Failure

_DOMAIN_CODE = -32000
_LONGEST_MESSAGE = 1000
"""Characters; the fields carry the whole error."""
_CODES: dict[type[Exception], int] = {
    ParseError: -32700,
    InvalidRequest: -32600,
    MethodNotFound: -32601,
    InvalidParams: -32602,
    RequestCancelled: -32800,
    NotPermitted: _DOMAIN_CODE,
    ProtocolError: _DOMAIN_CODE,
    LimitExceeded: _DOMAIN_CODE,
}


class ErrorTable:
    """The errors that both ends know, by class name: attrs exceptions whose fields msgspec can carry."""

    def __init__(self, *classes: type[Exception]) -> None:
        self._codes = _CODES | {cls: _CODES.get(cls, _DOMAIN_CODE) for cls in classes}
        self._classes = {cls.__name__: cls for cls in self._codes}
        if len(self._classes) != len(self._codes):
            raise ValueError("two error classes have the same name on the wire")

    def __contains__(self, error: object) -> bool:
        return type(error) in self._codes

    def describe(self, error: Exception) -> dict[str, Any]:
        """Give the error object of a reply. KeyError for an error that is not in the table."""
        cls = type(error)
        code = self._codes[cls]
        fields = {name: getattr(error, name) for name in _fields(cls)}
        return {
            "code": code,
            "message": str(error)[:_LONGEST_MESSAGE],
            "data": {"type": cls.__name__, "fields": fields},
        }

    def rebuild(self, failure: Failure) -> Exception:
        """Give the error that the peer described: the same class if both know it, else a `RemoteError`."""
        cls = self._classes.get(failure.type)
        if cls is not None:
            try:
                found = failure.fields.read(cls)
                return cls(*(getattr(found, name) for name in _fields(cls)))
            except Undecodable:
                pass
        return RemoteError(failure.code, failure.type or "unknown", failure.message, _plain_fields(failure))


def _fields(cls: Any) -> list[str]:
    return [field.name for field in attrs.fields(cls)]


def _plain_fields(failure: Failure) -> Any:
    try:
        return failure.fields.read(Any)
    except Undecodable:
        return None
