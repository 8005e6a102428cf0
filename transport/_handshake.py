"""How a client asks for a websocket, and which answers it takes. Pure.

As strict as the door is with those who knock: an answer means yes when every header of RFC 6455 (4.1) says so, a
refusal is read as far as its reason, and anything else comes from no server of ours.
"""

import base64
import re
import secrets
from collections.abc import Iterator
from typing import Final

import attrs

from ._http import HEAD_END, BadRequest, Headers, accept_token, read_headers
from ._policy import SUBPROTOCOL

SWITCHING: Final = 101
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2})(?: [\x20-\x7e]{0,200})?")
_BEGINNING: Final = b"HTTP/1.1 "
_LENGTH: Final = re.compile(r"[0-9]{1,9}")


class BadAnswer(Exception):
    """The answer is not one of a Trellis server; its text says why. Never leaves this package."""


@attrs.frozen
class Answer:
    """What a server said: yes, or a refusal and how long its reason is."""

    status: int
    body_bytes: int | None = None
    """None: until the connection ends."""


def new_key() -> str:
    """Make the key of one handshake: 16 random bytes."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def question(host: str, key: str, token: str | None) -> bytes:
    """Write the request for a websocket; *token* must have been checked."""
    authorization = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return (
        "GET / HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
        f"{authorization}\r\n"
    ).encode("ascii")


def may_begin(data: bytes | bytearray) -> bool:
    """Whether an answer can begin with these bytes; what cannot is not waited for to its end."""
    return data[: len(_BEGINNING)] == _BEGINNING[: len(data)]


def read_answer(head: bytes, key: str) -> Answer:
    """Read the head of the answer to a question with this key. Raises `BadAnswer`."""
    first, *lines = head.removesuffix(HEAD_END).split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise BadAnswer("its status line is not HTTP/1.1")
    try:
        headers = Headers(read_headers(lines))
    except BadRequest as error:
        raise BadAnswer(error.args[1]) from None
    if int(status[1]) != SWITCHING:
        return Answer(int(status[1]), _body_bytes(headers))
    for name, read, expected in _yes(headers, key):
        if read != expected:
            raise BadAnswer(f"it switched with a wrong {name}")
    return Answer(SWITCHING)


def _yes(headers: Headers, key: str) -> Iterator[tuple[str, object, object]]:
    """Name each header that a yes depends on, with what was read and what it must be."""
    yield "Upgrade", [value.lower() for value in headers.every("upgrade")], ["websocket"]
    yield "Connection", "upgrade" in [item.lower() for item in headers.tokens("connection")], True
    yield "Sec-WebSocket-Accept", headers.every("sec-websocket-accept"), [accept_token(key)]
    yield "Sec-WebSocket-Protocol", headers.every("sec-websocket-protocol"), [SUBPROTOCOL]
    yield "Sec-WebSocket-Extensions", headers.every("sec-websocket-extensions"), []


def _body_bytes(headers: Headers) -> int | None:
    """Tell how long a refusal's text is; one in another coding than plain is not read at all."""
    if headers.every("transfer-encoding"):
        return 0
    lengths = headers.every("content-length")
    return int(lengths[0]) if len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) else None
