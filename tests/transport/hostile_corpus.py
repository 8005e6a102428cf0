"""What no honest client sends after its handshake, and what must come of it."""

import struct
from typing import Any

import attrs
import msgspec
from hostile_client import HANDSHAKE, asked, call, frame, packed, text


@attrs.frozen
class Case:
    """What is sent after the handshake, and what must come of it.

    ``ends``: the connection ends. ``codes``: these error codes come back and it goes on; before the opening
    ``early`` comes instead, if given.
    """

    sent: bytes
    ends: bool = False
    codes: tuple[int, ...] = ()
    early: tuple[int, ...] | None = None


PARSE, INVALID, NO_METHOD, PARAMS, DOMAIN, CANCELLED = -32700, -32600, -32601, -32602, -32000, -32800
DEEP = 100_000

WEBSOCKET = {
    "an unmasked frame": frame(1, b"{}", masked=False),
    "an unmasked ping": frame(9, b"", masked=False),
    "RSV1, as if compressed": frame(1, b"{}", rsv=4),
    "RSV2": frame(1, b"{}", rsv=2),
    "RSV3": frame(2, b"\x80", rsv=1),
    "all RSV bits on a ping": frame(9, b"", rsv=7),
    **{f"the reserved opcode {code}": frame(code, b"x") for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a ping in fragments": frame(9, b"a", fin=False),
    "a close in fragments": frame(8, b"", fin=False),
    "a ping of 126 bytes": frame(9, bytes(126)),
    "a close of 200 bytes": frame(8, struct.pack("!H", 1000) + b"a" * 198),
    "a 16 bit length for 5 bytes": frame(1, b"hello", length=b"\x7e\x00\x05"),
    "a 64 bit length for 5 bytes": frame(1, b"hello", length=b"\x7f" + struct.pack("!Q", 5)),
    "a 64 bit length for 300 bytes": frame(1, bytes(300), length=b"\x7f" + struct.pack("!Q", 300)),
    "a length with its highest bit set": frame(1, b"x", length=b"\x7f" + b"\xff" * 8),
    "a length of 4 EiB": frame(2, b"x", length=b"\x7f" + struct.pack("!Q", 1 << 62)),
    "a frame one byte too large": frame(2, bytes(64 * 1024 + 1)),
    "a message one byte too large, in two": frame(2, bytes(64 * 1024), fin=False) + frame(0, b"x"),
    "a message too large, in small pieces": frame(2, b"", fin=False) + frame(0, bytes(1000), fin=False) * 70,
    "an oversized message and a ping": frame(2, bytes(64 * 1024 + 1)) + frame(9, b"?"),
    "5,000 empty fragments": frame(1, b"", fin=False) + frame(0, b"", fin=False) * 5000,
    "a continuation of nothing": frame(0, b"x"),
    "a message inside a message": frame(1, b"{", fin=False) + frame(1, b"}"),
    "binary inside a text": frame(1, b"{", fin=False) + frame(2, b"}"),
    "text that is no UTF-8": frame(1, b"\xff\xfe"),
    "text that is no UTF-8, in its second half": frame(1, b'"\xc3', fin=False) + frame(0, b'\x28"'),
    "text that ends inside a character": frame(1, b'"\xe2\x82'),
    "an encoded surrogate": frame(1, b'"\xed\xa0\x80"'),
    "an overlong encoding": frame(1, b'"\xc0\xaf"'),
    "a close of one byte": frame(8, b"\x03"),
    **{
        f"a close with code {code}": frame(8, struct.pack("!H", code))
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "a close whose reason is no UTF-8": frame(8, struct.pack("!H", 1000) + b"\xff\xff"),
    "a close and then a request": frame(8, struct.pack("!H", 1000)) + asked(call("echo", {"value": 1})),
    "two closes": frame(8, struct.pack("!H", 1000)) * 2,
    "a flood of pings": frame(9, b"") * 5000,
    "a flood of long pings": frame(9, bytes(125)) * 5000,
    "a flood of pongs": frame(10, b"") * 5000,
    "bytes that are no frame at all": bytes(range(256)) * 20,
    "HTTP again": HANDSHAKE,
}


def fragment(data: Any, *, transfer: Any = 1, last: Any = False) -> dict[str, Any]:
    params = {"transfer": transfer, "data": data, "last": last}
    return {"jsonrpc": "2.0", "method": "fragment", "params": params}


def inner(text_: str) -> dict[str, Any]:
    return fragment(text_, last=True)


PROTOCOL_ENDS = {
    "a frame of the other codec": asked(call("echo", {"value": 1})) + packed(call("echo", {"value": 1})),
    "an answer to nobody": asked({"jsonrpc": "2.0", "id": 77, "result": 1}),
    "an answer to a text id": asked({"jsonrpc": "2.0", "id": "x", "result": 1}),
    "a failure to nobody": asked({"jsonrpc": "2.0", "id": 77, "error": {"code": 1, "message": ""}}),
    "a failure without an id": asked({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": ""}}),
    "a fragment without parameters": asked({"jsonrpc": "2.0", "method": "fragment"}),
    "a fragment with a wrong type": asked(fragment(7)),
    "a fragment with more fields": asked(
        {
            "jsonrpc": "2.0",
            "method": "fragment",
            "params": {"transfer": 1, "data": "", "last": True, "more": 1},
        }
    ),
    "a fragment of a fragment": asked(fragment(msgspec.json.encode(inner("{}")).decode(), last=True)),
    "five transfers at once": b"".join(asked(fragment("x", transfer=n)) for n in range(5)),
    "a document too large in fragments": asked(fragment("x" * 60_000)) * 5,
    "a document too large over transfers": b"".join(asked(fragment("x" * 60_000, transfer=n % 4)) for n in range(5)),
    "5,000 empty pieces": asked(fragment("")) * 5000,
    "a cancellation without an id": asked({"jsonrpc": "2.0", "method": "cancel", "params": {}}),
    "a cancellation of a list": asked({"jsonrpc": "2.0", "method": "cancel", "params": {"id": [1]}}),
}

BAD_DOCUMENTS = {
    "nothing": (text(""), PARSE),
    "blanks": (text("  \n"), PARSE),
    "no JSON": (text("hello"), PARSE),
    "JSON cut short": (text('{"jsonrpc": "2.0"'), PARSE),
    "JSON with more behind it": (text('{"jsonrpc":"2.0","id":1,"method":"echo"} {}'), PARSE),
    "JSON with a comment": (text('{"jsonrpc":"2.0" /* */}'), PARSE),
    "JSON with a trailing comma": (text('{"jsonrpc":"2.0",}'), PARSE),
    "single quotes": (text("{'jsonrpc':'2.0'}"), PARSE),
    "a byte order mark": (text("\ufeff{}"), PARSE),
    "NUL": (text("\x00"), PARSE),
    "NUL inside a text": (text('{"jsonrpc":"2.0","id":1,"method":"a\x00"}'), PARSE),
    "NaN": (text('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":NaN}}'), PARSE),
    "Infinity": (text('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":-Infinity}}'), PARSE),
    "a lone surrogate": (text('{"jsonrpc":"2.0","id":"\\udc00x","method":"echo"}'), PARSE),
    "a batch": (text("[]"), INVALID),
    "a batch of one": (asked([call("echo", {"value": 1})]), INVALID),
    "a number": (text("42"), INVALID),
    "a text": (text('"42"'), INVALID),
    "null": (text("null"), INVALID),
    "an empty object": (text("{}"), INVALID),
    "no version": (text('{"id":1,"method":"echo"}'), INVALID),
    "another version": (text('{"jsonrpc":"1.0","id":1,"method":"echo"}'), INVALID),
    "a version that is a number": (text('{"jsonrpc":2.0,"id":1,"method":"echo"}'), INVALID),
    "neither method nor answer": (text('{"jsonrpc":"2.0","id":1}'), INVALID),
    "a method and a result": (asked(call("echo", result=1)), INVALID),
    "a result and an error": (
        asked({"jsonrpc": "2.0", "id": 1, "result": 1, "error": {"code": 1, "message": ""}}),
        INVALID,
    ),
    "an error that is none": (asked({"jsonrpc": "2.0", "id": 1, "error": "x"}), INVALID),
    "a method that is a number": (asked(call(1)), INVALID),
    "a method that is null": (text('{"jsonrpc":"2.0","id":1,"method":null}'), INVALID),
    "an empty method": (asked(call("")), INVALID),
    "a method of 1,000 letters": (asked(call("m" * 1000)), INVALID),
    "an id that is null": (asked(call("echo", {"value": 1}, None)), INVALID),
    "an id that is a fraction": (asked(call("echo", {"value": 1}, 1.5)), INVALID),
    "an id that is true": (asked(call("echo", {"value": 1}, True)), INVALID),
    "an id that is a list": (asked(call("echo", {"value": 1}, [1])), INVALID),
    "an id beyond 2**53": (text('{"jsonrpc":"2.0","id":9007199254740993,"method":"echo"}'), INVALID),
    "an id of 5,000 digits": (
        text('{"jsonrpc":"2.0","id":' + "9" * 5000 + ',"method":"echo"}'),
        INVALID,
    ),
    "an empty id": (asked(call("echo", {"value": 1}, "")), INVALID),
    "an id of 1,000 letters": (asked(call("echo", {"value": 1}, "i" * 1000)), INVALID),
    "a tower before anything is known": (text("[" * 60_000), PARSE),
    "a tower of objects": (text('{"a":' * 10_000), PARSE),
    "msgpack's reserved byte": (frame(2, b"\xc1"), PARSE),
    "msgpack cut short": (frame(2, b"\x83\xa7jsonrpc"), PARSE),
    "msgpack with more behind it": (frame(2, msgspec.msgpack.encode(call("echo")) + b"\x00"), PARSE),
    "msgpack of no bytes": (frame(2, b""), PARSE),
    "a msgpack list of 4 billion": (frame(2, b"\xdd\xff\xff\xff\xff"), PARSE),
    "a msgpack map of 4 billion": (frame(2, b"\xdf\xff\xff\xff\xff"), PARSE),
    "a msgpack text of 4 GiB": (frame(2, b"\xdb\xff\xff\xff\xff"), PARSE),
    "msgpack bytes of 4 GiB": (frame(2, b"\xc6\xff\xff\xff\xff"), PARSE),
    "a msgpack extension of 4 GiB": (frame(2, b"\xc9\xff\xff\xff\xff\x01"), PARSE),
    "a msgpack text that is no UTF-8": (frame(2, b"\x81\xa2\xff\xfe\xc0"), INVALID),
    "a msgpack tower": (frame(2, b"\x91" * 60_000), PARSE),
    "a msgpack number": (frame(2, b"\x2a"), INVALID),
    "a msgpack batch": (packed([call("echo", {"value": 1})]), INVALID),
    "a msgpack id beyond 2**53": (packed(call("echo", {"value": 1}, 2**63)), INVALID),
    "a msgpack id of bytes": (packed(call("echo", {"value": 1}, b"x")), INVALID),
    "JSON in a binary frame": (frame(2, msgspec.json.encode(call("echo"))), PARSE),
}


def tower(depth: int) -> str:
    return '{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":' + "[" * depth + "]" * depth + "}}"


def msgpack_call(method: str, value: bytes) -> bytes:
    """A binary request whose parameter ``value`` is the given msgpack."""
    head = b"\x84" + b"".join(
        msgspec.msgpack.encode(part) for part in ("jsonrpc", "2.0", "id", 1, "method", method, "params")
    )
    return frame(2, head + b"\x81" + msgspec.msgpack.encode("value") + value)


ANSWERED = {
    "an unknown method": (asked(call("fly")), (NO_METHOD,)),
    **{
        f"the method {name}": (asked(call(name)), (NO_METHOD,))
        for name in ("__init__", "__class__", "_target", "Echo", "echo ", "ECHO", "rpc.exit", "cancel", "fragment")
    },
    "parameters by position": (asked(call("add", [1, 2])), (PARAMS,)),
    "parameters that are null": (text('{"jsonrpc":"2.0","id":1,"method":"add","params":null}'), (PARAMS,)),
    "parameters that are a text": (asked(call("add", "ab")), (PARAMS,)),
    "no parameters": (text('{"jsonrpc":"2.0","id":1,"method":"add"}'), (PARAMS,)),
    "a missing parameter": (asked(call("add", {"a": 1})), (PARAMS,)),
    "an unknown parameter": (asked(call("add", {"a": 1, "b": 2, "self": 3})), (PARAMS,)),
    "a parameter of a wrong type": (asked(call("add", {"a": 1, "b": "2"})), (PARAMS,)),
    "a parameter that is true": (asked(call("add", {"a": 1, "b": True})), (PARAMS,)),
    "a number out of range": (
        text('{"jsonrpc":"2.0","id":1,"method":"half","params":{"value":1e999}}'),
        (PARAMS,),
    ),
    "a number of 5,000 digits": (
        text('{"jsonrpc":"2.0","id":1,"method":"half","params":{"value":' + "1" * 5000 + "}}"),
        (PARAMS,),
    ),
    "an integer beyond 64 bits": (
        text('{"jsonrpc":"2.0","id":1,"method":"add","params":{"a":18446744073709551616,"b":1}}'),
        (PARAMS,),
    ),
    "an integer beyond 64 bits in plain data": (
        text('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":[{"a":-9223372036854775809}]}}'),
        (PARAMS,),
    ),
    "a tower of 65 lists": (text(tower(65)), (PARAMS,)),
    "a tower of 900 lists": (text(tower(900)), (PARAMS,)),
    "a msgpack tower of 900 lists": (msgpack_call("echo", b"\x91" * 900 + b"\xc0"), (PARAMS,)),
    "a map with a number as key": (msgpack_call("echo", b"\x81\x01\x02"), (PARAMS,)),
    "a map with a list as key": (msgpack_call("echo", b"\x81\x91\x01\x02"), (PARAMS,)),
    "a map with bytes as key": (msgpack_call("echo", b"\x81\xc4\x01a\x02"), (PARAMS,)),
    "an extension": (msgpack_call("echo", b"\xd4\x05\x00"), (PARAMS,)),
    "a timestamp out of range": (msgpack_call("echo", b"\xc7\x0c\xff" + b"\xff" * 12), (PARAMS,)),
    "an id twice in flight": (
        asked(call("wait", {}, 1)) + asked(call("wait", {}, 1)),
        (INVALID,),
    ),
    "too many requests in flight": (b"".join(asked(call("wait", {}, n)) for n in range(10)), (DOMAIN, DOMAIN)),
    "a cancelled request": (
        asked(call("wait", {}, 1)) + asked({"jsonrpc": "2.0", "method": "cancel", "params": {"id": 1}}),
        (CANCELLED,),
    ),
}

CASES = {
    **{name: Case(sent, ends=True) for name, sent in WEBSOCKET.items()},
    **{name: Case(sent, ends=True) for name, sent in PROTOCOL_ENDS.items()},
    **{name: Case(sent, codes=(code,)) for name, (sent, code) in BAD_DOCUMENTS.items()},
}
