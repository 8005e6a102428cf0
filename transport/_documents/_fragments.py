"""Large documents in pieces: cutting them, and putting them together again within bounds. Pure.

A piece is a notification ``fragment {transfer, data, last}``. Pieces of different transfers may be mixed;
those of one arrive in order. The joined data is one document, read as if it had come in one frame.
"""

import io
from typing import Any

import attrs
import msgspec

from transport._errors import LimitExceeded, ProtocolError, Undecodable
from transport._link._link import Frame

from ._codec import Codec, Payload
from ._pieces import Encoded

FRAGMENT = "fragment"
_INSIDE_A_CHARACTER = bytes(range(0x80, 0xC0))
"""The bytes of a UTF-8 text at which no character begins."""


class BinaryFragment(msgspec.Struct, forbid_unknown_fields=True):
    """The parameters of one piece in msgpack."""

    transfer: int
    data: bytes
    last: bool


class TextFragment(msgspec.Struct, forbid_unknown_fields=True):
    """A piece of a large document, in JSON, where bytes would be taken for base64; in msgpack ``data`` is bytes."""

    transfer: int
    data: str
    last: bool


def next_cut(document: Encoded, start: int, size: int, *, text: bool) -> int:
    """Tell where the piece that begins at ``start`` ends; never inside a UTF-8 character of a text."""
    end = min(start + size, len(document))
    while text and end < len(document) and document[end : end + 1] in _INSIDE_A_CHARACTER:
        end -= 1
    return end


def fragment_document(codec: Codec, transfer: int, piece: bytes, *, last: bool) -> bytes:
    """Encode one piece."""
    data = piece.decode() if codec.text else piece
    params = {"transfer": transfer, "data": data, "last": last}
    return bytes(codec.encode({"jsonrpc": "2.0", "method": FRAGMENT, "params": params}))


@attrs.define(eq=False)
class _Transfer:
    """A document of which pieces have come."""

    _so_far: io.BytesIO | io.StringIO
    """Put together as it comes: to join many megabytes at the end would be a long step."""
    cost: int = 0

    def add(self, piece: Any) -> int:
        """Take a piece; returns what that costs. An empty one is not free, or it could fill memory without end."""
        self._so_far.write(piece)
        cost = _bytes_of(piece) + 64
        self.cost += cost
        return cost

    def whole(self) -> Frame:
        return self._so_far.getvalue()


@attrs.define(eq=False)
class Assembler:
    """What one peer has begun to send and not finished."""

    _max_transfers: int
    _limit_name: str
    _max_bytes: int
    _open: dict[int, _Transfer] = attrs.field(factory=dict)
    _bytes: int = 0

    def add(self, params: Payload[Any], *, text: bool) -> Frame | None:
        """Take one piece; gives the document when it was the last one.

        Raises `ProtocolError` for no piece, and `LimitExceeded`; both end the connection, since what is
        missing can not come again.
        """
        fragment = _read(params, text=text)
        transfer = self._open.get(fragment.transfer) or self._begin(fragment.transfer, text=text)
        self._bytes += transfer.add(fragment.data)
        if self._bytes > self._max_bytes:
            raise LimitExceeded(self._limit_name, self._max_bytes)
        return self._finish(fragment.transfer) if fragment.last else None

    def _begin(self, number: int, *, text: bool) -> _Transfer:
        if len(self._open) == self._max_transfers:
            raise LimitExceeded("transfers", self._max_transfers)
        # A text's lines are left as they are.
        self._open[number] = transfer = _Transfer(io.StringIO(newline="") if text else io.BytesIO())
        return transfer

    def _finish(self, number: int) -> Frame:
        transfer = self._open.pop(number)
        self._bytes -= transfer.cost
        return transfer.whole()


def _bytes_of(piece: str | bytes) -> int:
    """Tell how many bytes a piece is of its document: a character may be four."""
    return len(piece) if isinstance(piece, bytes) or piece.isascii() else len(piece.encode())


def _read(params: Payload[Any], *, text: bool) -> BinaryFragment | TextFragment:
    try:
        fragment: BinaryFragment | TextFragment = params.read(TextFragment if text else BinaryFragment)
    except Undecodable as error:
        raise ProtocolError(f"bad fragment: {error}") from None
    return fragment
