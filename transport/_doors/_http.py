"""Reading the head of one HTTP request, strictly, and writing the answer. Pure.

A websocket begins as HTTP, and whatever is lenient about HTTP is a way to be misunderstood. So this reads our
own subset: one request line, headers of one line each, CRLF, and nothing after. What it lets through means
one thing only.
"""

import base64
import hashlib
import re
from http import HTTPStatus

import attrs

HEAD_END = b"\r\n\r\n"

_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) (/[\x21-\x7e]{0,2000}) HTTP/1\.1")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):([\x20-\x7e\x80-\xff\t]{0,8000})")
_MAX_HEADERS = 64
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 (1.3) has it so."""


class BadRequest(Exception):
    """The head is not our subset of HTTP: ``args`` are status and reason. Never leaves this package."""


@attrs.frozen
class RequestHead:
    """What the client asked for; header names are lower case, in order, repeats kept."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def every(self, name: str) -> list[str]:
        """Give all values of a header."""
        return [value for key, value in self.headers if key == name]

    def tokens(self, name: str) -> list[str]:
        """Give the comma separated items of all values of a header."""
        items = (item.strip() for value in self.every(name) for item in value.split(","))
        return [item for item in items if item]


def read_head(data: bytes) -> RequestHead:
    """Read a head that ends with an empty line. Raises `BadRequest`."""
    if not data.endswith(HEAD_END) or data.index(HEAD_END) != len(data) - len(HEAD_END):
        raise BadRequest(400, "nothing may follow the request before it is answered")
    first, *lines = data[: -len(HEAD_END)].split(b"\r\n")
    request = _REQUEST_LINE.fullmatch(first)
    if request is None:
        raise BadRequest(400, "the request line is not 'GET /path HTTP/1.1'")
    if len(lines) > _MAX_HEADERS:
        raise BadRequest(431, f"more than {_MAX_HEADERS} headers")
    headers = tuple(map(_read_header, lines))
    return RequestHead(request[1].decode("ascii"), request[2].decode("ascii"), headers)


def _read_header(line: bytes) -> tuple[str, str]:
    header = _HEADER.fullmatch(line)
    if header is None:
        raise BadRequest(400, "a header line is malformed")
    return header[1].decode("ascii").lower(), header[2].strip(b" \t").decode("latin-1")


_EXTRA = {
    401: "WWW-Authenticate: Bearer\r\n",
    426: "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    503: "Retry-After: 1\r\n",
}


def switching(key: str, subprotocol: str) -> bytes:
    """Write the response that says yes to a websocket whose client sent this key."""
    return (
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {_accept_token(key)}\r\n"
        f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
    ).encode()


def _accept_token(key: str) -> str:
    """Prove that the key was read, as RFC 6455 (4.2.2) asks; SHA-1 protects nothing here."""
    return base64.b64encode(hashlib.sha1(key.encode() + _ACCEPT, usedforsecurity=False).digest()).decode()


def refusal(status: int, reason: str) -> bytes:
    """Write the response that says no and closes."""
    body = reason + "\n"
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"{_EXTRA.get(status, '')}"
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body.encode())}\r\n"
        "Connection: close\r\n\r\n"
        f"{body}"
    ).encode()
