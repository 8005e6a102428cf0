"""Who may come in: headers in, verdict out. Pure.

Everything is refused that is not expected: a web page (it sends an Origin, or a Host of its own), a stranger
(no token), a proxy (bodies, odd paths), another protocol. Knows nothing of sockets, and never shows a token.
"""

import base64
import binascii
import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable

import attrs

from ._http import RequestHead

SUBPROTOCOL = "trellis.v1"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{32,512}=*")


def new_token() -> str:
    """Make a token of 256 random bits, as text that fits into a header and a file."""
    return secrets.token_urlsafe(32)


def check_token(token: str) -> str:
    """Refuse (ValueError) a text that cannot be a token; the message does not show it."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("a token is 32 to 512 of A-Z a-z 0-9 . _ ~ + / - and perhaps some = at its end")
    return token


def is_loopback(host: str) -> bool:
    """Whether a host, name or address, can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@attrs.frozen
class Refusal:
    """Why a handshake is refused: an HTTP status and a reason that gives nothing away."""

    status: int
    reason: str


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


@attrs.frozen(kw_only=True)
class HandshakePolicy:
    """What a door asks of whoever knocks."""

    token: str = attrs.field(repr=False, converter=check_token)
    """What the client must bring as ``Authorization: Bearer``; see `new_token`."""
    read_token: str | None = attrs.field(default=None, repr=False, converter=attrs.converters.optional(check_token))
    """Another one, for clients that may only read."""
    origins: frozenset[str] = frozenset()
    """Web origins that may connect, such as ``https://view.example``; any other Origin is refused."""
    hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_lower)
    """Names under which this server is known, besides the address it was reached at."""
    insecure: bool = False
    """Allow plain text off loopback. The token then crosses the network for everybody to read."""

    def __attrs_post_init__(self) -> None:
        """Refuse tokens that tell nobody apart."""
        if self.read_token is not None and _same(self.read_token, self.token):
            raise ValueError("the token for reading must be another one")

    def allows_listening(self, host: str, *, tls: bool) -> bool:
        """Whether a door may open at this host: on loopback, with TLS, or if insecurity is spelled out."""
        return tls or self.insecure or is_loopback(host)

    def verdict(self, head: RequestHead, local: str) -> Refusal | None:
        """Give the refusal, or None for a client that may come in. ``local`` is the address it reached."""
        for check in _CHECKS:
            refusal = check(self, head, local)
            if refusal is not None:
                return refusal
        return None

    def reads_only(self, head: RequestHead) -> bool:
        """Whether a client that was let in brought the token for reading."""
        return self.read_token is not None and _same(_bearer(head), self.read_token)


def _bearer(head: RequestHead) -> str:
    """Give the one token of a request, or an empty text, which no token is."""
    given = head.every("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token if scheme.lower() == "bearer" else ""


def _same(given: str, token: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), token.encode())


def _host(policy: HandshakePolicy, head: RequestHead, local: str) -> Refusal | None:
    hosts = head.every("host")
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None:
        return Refusal(400, "exactly one Host header is needed")
    name = match[1].strip("[]").lower()
    known = {local, *policy.hosts, *(["localhost"] if is_loopback(local) else [])}
    return None if name in known else Refusal(403, "this server is not known under that Host")


def _origin(policy: HandshakePolicy, head: RequestHead, _: str) -> Refusal | None:
    origins = head.every("origin")
    if not origins or (len(origins) == 1 and origins[0] in policy.origins):
        return None
    return Refusal(403, "this Origin may not connect")


def _token(policy: HandshakePolicy, head: RequestHead, _: str) -> Refusal | None:
    """Look at all of it in any case; whether a token is missing, malformed or wrong looks the same."""
    given = _bearer(head)
    known = [_same(given, token) for token in (policy.token, policy.read_token) if token is not None]
    if any(known):
        return None
    return Refusal(401, "a valid bearer token is needed; a server that was given none makes new ones when it starts")


def _request(_: HandshakePolicy, head: RequestHead, __: str) -> Refusal | None:
    if head.method != "GET":
        return Refusal(405, "only GET is served")
    if head.target != "/":
        return Refusal(404, "only / is served")
    if head.every("content-length") or head.every("transfer-encoding"):
        return Refusal(400, "a handshake has no body")
    return None


def _upgrade(_: HandshakePolicy, head: RequestHead, __: str) -> Refusal | None:
    connection = [item.lower() for item in head.tokens("connection")]
    upgrade = [item.lower() for item in head.every("upgrade")]
    if "upgrade" not in connection or upgrade != ["websocket"]:
        return Refusal(426, "this is a websocket server")
    if head.every("sec-websocket-version") != ["13"]:
        return Refusal(426, "version 13 of the websocket protocol is needed")
    keys = head.every("sec-websocket-key")
    if len(keys) != 1 or not _is_nonce(keys[0]):
        return Refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    return None


def _subprotocol(_: HandshakePolicy, head: RequestHead, __: str) -> Refusal | None:
    offered = head.tokens("sec-websocket-protocol")
    return None if SUBPROTOCOL in offered else Refusal(400, f"the subprotocol {SUBPROTOCOL} is needed")


def _is_nonce(key: str) -> bool:
    try:
        return len(key) == 24 and len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


_CHECKS: tuple[Callable[[HandshakePolicy, RequestHead, str], Refusal | None], ...] = (
    _host,
    _origin,
    _token,
    _request,
    _upgrade,
    _subprotocol,
)
"""In this order: who has no token learns nothing but that."""
