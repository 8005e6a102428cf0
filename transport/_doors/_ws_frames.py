"""What frames look like on a websocket, once hands are shaken. Pure.

wsproto knows the rules of RFC 6455 and keeps them; here its errors end, as the goodbye that the rules ask for.
How much a peer may send before a frame is whole is metered beneath, in `_ws_meter`.
"""

from collections.abc import Callable
from typing import Any, Final

from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode, ParseFailed
from wsproto.frame_protocol import Frame as Piece

from transport._errors import LimitExceeded
from transport._link._framing import Sign
from transport._link._link import Frame, Role

_REASON_BYTES = 120


class WebSocketFraming:
    """The frames of one end."""

    def __init__(self, role: Role, largest: int) -> None:
        self._limit_name: Final = role.frame_limit
        self._largest: Final = largest
        self._protocol: Final = FrameProtocol(client=role is Role.CLIENT, extensions=[])
        self._parts: list[Any] = []
        """What has arrived of a message, texts or bytes."""

    @property
    def ask_beside(self) -> bytes:
        return b""

    @property
    def ping(self) -> bytes:
        return bytes(self._protocol.ping())

    def pack(self, frame: Frame) -> bytes:
        payload = frame.encode() if isinstance(frame, str) else frame
        if len(payload) > self._largest:
            raise LimitExceeded(self._limit_name, self._largest)
        return bytes(self._protocol.send_data(frame))

    def goodbye(self, reason: str) -> bytes:
        text = reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
        return bytes(self._protocol.close(CloseReason.NORMAL_CLOSURE, text))

    def feed(self, data: bytes) -> None:
        self._protocol.receive_bytes(data)

    def next(self) -> Frame | Sign | None:
        try:
            return self._next()
        except ParseFailed as error:
            return Sign(bytes(self._protocol.close(error.code)), f"bad websocket traffic ({error})")

    def _next(self) -> Frame | Sign | None:
        for piece in self._protocol.received_frames():
            sign = _SIGNS.get(piece.opcode)
            if sign is not None:
                return sign(self._protocol, piece)
            self._parts.append(piece.payload)
            if piece.message_finished:
                return self._whole()
        return None

    def _whole(self) -> Frame:
        first, *more = self._parts
        self._parts.clear()
        whole: Frame = type(first)().join((first, *more)) if more else first
        return whole


def _ping(protocol: FrameProtocol, piece: Piece) -> Sign:
    return Sign(bytes(protocol.pong(piece.payload)))  # type: ignore[arg-type]  # bytes, where it is a ping


def _pong(_: FrameProtocol, __: Piece) -> Sign:
    return Sign()


def _close(protocol: FrameProtocol, piece: Piece) -> Sign:
    payload: Any = piece.payload
    code, reason = payload
    text = "the peer hung up" if code == CloseReason.NO_STATUS_RCVD else f"closed with {code:d} {reason}".rstrip()
    return Sign(bytes(protocol.close(code)), text)


_SIGNS: Final[dict[Opcode, Callable[[FrameProtocol, Piece], Sign]]] = {
    Opcode.PING: _ping,
    Opcode.PONG: _pong,
    Opcode.CLOSE: _close,
}
