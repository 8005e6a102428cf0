"""Pickles that mean harm, by name; most follow known attacks, some are aimed at this loader in particular.

Kept apart from the test, so that a process with limits of its own can run the list.
"""

import pickle
import struct

import msgspec

PROTO = b"\x80\x05"
STOP = b"."
MARK, TUPLE, EMPTY_TUPLE, TUPLE1, TUPLE2 = b"(", b"t", b")", b"\x85", b"\x86"
REDUCE, STACK_GLOBAL, MEMOIZE = b"R", b"\x93", b"\x94"
NEWOBJ, NEWOBJ_EX, BUILD = b"\x81", b"\x92", b"b"
EMPTY_DICT, EMPTY_LIST, EMPTY_SET = b"}", b"]", b"\x8f"
NONE, TRUE = b"N", b"\x88"


def text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def raw(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + STACK_GLOBAL


def tuple_of(*items: bytes) -> bytes:
    return MARK + b"".join(items) + TUPLE


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + tuple_of(*arguments) + REDUCE


def whole(*parts: bytes) -> bytes:
    return PROTO + b"".join(parts) + STOP


SEALED = name("graphmeta", "SealedSnapshot")
EPOCH = bytes(16)
NO_METADATA = msgspec.msgpack.encode(None)
NOTHING_SHARED = msgspec.msgpack.encode({"persistent": [], "settings": {}})


def sealed(
    version: bytes = number(2),
    epoch: bytes = raw(EPOCH),
    revision: bytes = number(1),
    shared: bytes = raw(NOTHING_SHARED),
    sessions: bytes = EMPTY_TUPLE,
    metadata: bytes = EMPTY_TUPLE,
) -> bytes:
    return whole(call(SEALED, version, epoch, revision, shared, sessions, metadata))


def with_session(record: object, metadata: bytes = NO_METADATA) -> bytes:
    return with_blob(msgspec.msgpack.encode(["00000000-0000-0000-0000-000000000001", record]), metadata)


def with_blob(blob: bytes, metadata: bytes = NO_METADATA) -> bytes:
    return sealed(sessions=tuple_of(raw(blob)), metadata=tuple_of(raw(metadata)))


def with_shared(**fields: object) -> bytes:
    return sealed(shared=raw(msgspec.msgpack.encode({"persistent": [], "settings": {}, **fields})))


def doubled(times: int) -> bytes:
    """Texts and tuples of which the last is a tuple of two, of two, of two ...: small to write, endless to walk."""
    step = b"".join(b"h" + bytes([index]) + b"h" + bytes([index]) + TUPLE2 + MEMOIZE for index in range(times))
    return text("lol") + MEMOIZE + step


SESSION = {"name": "s", "peer": "p", "since": 0.0, "edges": [], "scopes": {}, "endpoints": []}
PORT = {"id": 1, "topic": "A", "direction": "publisher", "message_type": "x"}
VALUE = {
    "readable": 1,
    "session": "00000000-0000-0000-0000-000000000001",
    "reported": True,
    "revision": 1,
    "at": 0.0,
}

CALLS = {
    "os.system": ("os", "system"),
    "posix.system": ("posix", "system"),
    "eval": ("builtins", "eval"),
    "exec": ("builtins", "exec"),
    "getattr": ("builtins", "getattr"),
    "setattr": ("builtins", "setattr"),
    "open": ("builtins", "open"),
    "__import__": ("builtins", "__import__"),
    "breakpoint": ("builtins", "breakpoint"),
    "type": ("builtins", "type"),
    "object": ("builtins", "object"),
    "bytearray": ("builtins", "bytearray"),
    "a module that old pickles call differently": ("__builtin__", "eval"),
    "copyreg._reconstructor": ("copyreg", "_reconstructor"),
    "importlib.import_module": ("importlib", "import_module"),
    "subprocess.Popen": ("subprocess", "Popen"),
    "operator.attrgetter": ("operator", "attrgetter"),
    "functools.partial": ("functools", "partial"),
    "types.CodeType": ("types", "CodeType"),
    "cloudpickle's makers of functions": ("cloudpickle.cloudpickle", "_make_function"),
    "cloudpickle's makers of classes": ("cloudpickle.cloudpickle", "_make_skeleton_class"),
    "pickle.loads": ("pickle", "loads"),
    "our own trusting loader": ("graphmeta._pickles._pickles", "load_trusted"),
    "our own loader": ("graphmeta", "load_snapshot"),
    "a file of ours": ("graphmeta", "read_snapshot"),
    "a library that a file of ours imports": ("graphmeta._bytes._codec", "cloudpickle"),
    "the class by its private place": ("graphmeta._bytes._codec", "SealedSnapshot"),
    "another record of ours": ("graphmeta", "Change"),
    "an error of ours": ("graphmeta", "InvalidSnapshot"),
    "an enum of ours": ("graphmeta", "Outcome"),
    "a dot after the class": ("graphmeta", "SealedSnapshot.open"),
    "dots into the interpreter": ("graphmeta", "SealedSnapshot.__init__.__globals__"),
    "a dot before the class": ("graphmeta", "_codec.SealedSnapshot"),
    "a module that looks alike": ("graphmeta ", "SealedSnapshot"),
    "a name with a line feed": ("graphmeta", "SealedSnapshot\n"),
    "a name with a surrogate": ("graphmeta", "Sealed\ud800"),
    "no name": ("", ""),
}

ATTACKS: dict[str, bytes] = {
    **{f"calls {what}": whole(call(name(*where), text("echo harm"))) for what, where in CALLS.items()},
    **{f"is {what}": whole(name(*where)) for what, where in CALLS.items()},
    # Opcodes that import or call by themselves.
    "GLOBAL": b"cos\nsystem\n(S'echo harm'\ntR.",
    "INST": b"(S'echo harm'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'echo harm'\no.",
    "GLOBAL of the permitted class": b"cgraphmeta\nSealedSnapshot\n.",
    "NEWOBJ skips the constructor": whole(SEALED, EMPTY_TUPLE, NEWOBJ),
    "NEWOBJ_EX skips the constructor": whole(SEALED, EMPTY_TUPLE, EMPTY_DICT, NEWOBJ_EX),
    "BUILD on the class": whole(SEALED, EMPTY_DICT, text("open"), NONE, b"s", BUILD),
    "BUILD with slots on the class": whole(SEALED, NONE, EMPTY_DICT, text("open"), NONE, b"s", TUPLE2, BUILD),
    "BUILD on an instance": sealed()[:-1] + EMPTY_DICT + text("version") + NONE + b"s" + BUILD + STOP,
    "EXT1": whole(b"\x82\x01"),
    "EXT2": whole(b"\x83\x01\x00"),
    "EXT4": whole(b"\x84\x01\x00\x00\x00"),
    "PERSID": b"Pharm\n.",
    "BINPERSID": whole(text("harm"), b"Q"),
    "NEXT_BUFFER": whole(b"\x97"),
    "READONLY_BUFFER": whole(b"\x97\x98"),
    # Bombs.
    "LONG_BINPUT at the end of the memo": b"N" + b"r\xff\xff\xff\x0f" + STOP,
    "PUT at the end of the memo": b"Np268435455\n.",
    "BINPUT": whole(NONE, b"q\x00"),
    "BINBYTES8 of a terabyte": whole(b"\x8e" + struct.pack("<Q", 2**40)),
    "BINBYTES of four gigabytes": whole(b"B\xff\xff\xff\xff"),
    "BINUNICODE8 of a terabyte": whole(b"\x8d" + struct.pack("<Q", 2**40)),
    "BINUNICODE of four gigabytes": whole(b"X\xff\xff\xff\xff"),
    "BYTEARRAY8 of a terabyte": whole(b"\x96" + struct.pack("<Q", 2**40)),
    "LONG4 of two gigabytes": whole(b"\x8b\xff\xff\xff\x7f"),
    "FRAME of a terabyte": PROTO + b"\x95" + struct.pack("<Q", 2**40) + NONE + STOP,
    "INT of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "LONG of a million digits": b"L" + b"9" * 1_000_000 + b"L\n.",
    "a doubled tuple": whole(tuple_of(doubled(60))),
    "a doubled tuple as every field": whole(doubled(60), b"0", *[SEALED, MARK, *[b"h\x3c"] * 6, TUPLE, REDUCE]),
    "a doubled tuple as the version": sealed(version=tuple_of(doubled(60))),
    "a doubled tuple as the sessions": sealed(sessions=tuple_of(doubled(60))),
    "a doubled tuple as a dict's key": whole(EMPTY_DICT, doubled(60), NONE, b"s"),
    "a doubled tuple in a set": whole(EMPTY_SET, MARK, doubled(60), b"\x90"),
    "a doubled tuple in a frozen set": whole(MARK, doubled(60), b"\x91"),
    "a doubled list": whole(EMPTY_LIST, MEMOIZE, b"".join(EMPTY_LIST + b"(h\x00h\x00e" for _ in range(60))),
    "DUP": whole(NONE, b"2" * 1000),
    "a deep tuple": whole(NONE, TUPLE1 * 200_000),
    "a deep list": whole(b"(" * 100_000, b"l" * 100_000),
    "a deep tuple as the sessions": sealed(sessions=NONE + TUPLE1 * 200_000),
    "a million blobs of nothing": sealed(sessions=tuple_of(raw(b"") * 1_000_000)),
    "a million small things": whole(MARK, EMPTY_TUPLE * 1_000_000, TUPLE),
    "a million entries in the memo": whole(EMPTY_TUPLE, MEMOIZE * 1_000_000),
    # Malformed.
    "nothing": b"",
    "only STOP": STOP,
    "only a mark": whole(MARK),
    "a protocol of the future": b"\x80\xffN.",
    "no STOP": PROTO + NONE,
    "two pickles": sealed() + sealed(),
    "a byte too many": sealed() + b"\x00",
    "POP of nothing": whole(b"0"),
    "POP_MARK of nothing": whole(b"1"),
    "REDUCE of nothing": whole(REDUCE),
    "REDUCE of a text": whole(text("os.system"), EMPTY_TUPLE, REDUCE),
    "REDUCE with no tuple": whole(SEALED, text("x"), REDUCE),
    "STACK_GLOBAL of numbers": whole(number(1), number(2), STACK_GLOBAL),
    "GET of what is not there": whole(b"h\x07"),
    "LONG_BINGET of what is not there": whole(b"j\xff\xff\xff\xff"),
    "a text that is no UTF-8": whole(b"X\x02\x00\x00\x00\xff\xfe"),
    "STRING": b"S'\\x41'\n.",
    "UNICODE": b"V\\u0041\n.",
    "FLOAT": b"F1e999\n.",
    "not a pickle": b"GIF89a",
    # Other things than a snapshot.
    "None": pickle.dumps(None, 5),
    "a list": pickle.dumps([1, 2], 5),
    "a dict": pickle.dumps({"version": 1}, 5),
    "the class itself": whole(SEALED),
    "too few fields": whole(call(SEALED, number(1))),
    "too many fields": whole(call(SEALED, *[number(1)] * 9)),
    "a version of the future": sealed(version=number(3)),
    "a version that is true": sealed(version=TRUE),
    "a version that is a text": sealed(version=text("1")),
    "a short epoch": sealed(epoch=raw(b"short")),
    "an epoch that is a text": sealed(epoch=text("0" * 16)),
    "a negative revision": sealed(revision=number(-1)),
    "an endless revision": sealed(revision=b"\x8a\xff" + b"\x7f" * 255),
    "a session that is a record": sealed(sessions=tuple_of(sealed()[2:-1])),
    # Blobs.
    "a blob of nothing": with_blob(b""),
    "a blob that is no msgpack": with_blob(b"\xc1"),
    "a blob with more behind it": with_blob(msgspec.msgpack.encode(["x", SESSION]) + b"\x00"),
    "a blob that nests without end": with_blob(b"\x91" * 100_000),
    "a blob that promises a terabyte": with_blob(b"\xdd\xff\xff\xff\xff"),
    "a blob with a text of four gigabytes": with_blob(b"\xdb\xff\xff\xff\xff"),
    "a blob with an extension": with_blob(msgspec.msgpack.encode(msgspec.msgpack.Ext(5, b"harm"))),
    "a session without a name": with_session({key: value for key, value in SESSION.items() if key != "name"}),
    "a session with a number for a name": with_session({**SESSION, "name": 3}),
    "a session from no time": with_session({**SESSION, "since": float("nan")}),
    "a session twice": sealed(
        sessions=tuple_of(*[raw(msgspec.msgpack.encode(["00000000-0000-0000-0000-000000000001", SESSION]))] * 2),
        metadata=tuple_of(*[raw(NO_METADATA)] * 2),
    ),
    "a session without an id": with_blob(msgspec.msgpack.encode(["nobody", SESSION])),
    "an edge with three ends": with_session({**SESSION, "edges": [["A", "B", "C"]]}),
    "an edge to nowhere": with_session({**SESSION, "edges": [["A", ""]]}),
    "an edge to a surrogate": with_blob(b"\x92" + msgspec.msgpack.encode("x") + b"\xa3\xed\xa0\x80"),
    "edges out of order": with_session({**SESSION, "edges": [["B", "C"], ["A", "B"]]}),
    "an edge twice": with_session({**SESSION, "edges": [["A", "B"], ["A", "B"]]}),
    "persistent edges out of order": with_shared(persistent=[["B", "C"], ["A", "B"]]),
    "edges of a scope out of order": with_session({**SESSION, "scopes": {"s": [["B", "C"], ["A", "B"]]}}),
    "an endpoint that listens": with_session({**SESSION, "endpoints": [{**PORT, "direction": "listener"}]}),
    "an endpoint without a queue": with_session({**SESSION, "endpoints": [{**PORT, "max_queue": 0}]}),
    "an endpoint twice": with_session({**SESSION, "endpoints": [PORT, PORT]}),
    "metadata that is a list": with_session(SESSION, msgspec.msgpack.encode([1, 2])),
    "metadata that is nothing": with_session(SESSION, b""),
    "metadata with more behind it": with_session(SESSION, NO_METADATA + b"\x00"),
    "metadata of nobody": sealed(metadata=tuple_of(raw(NO_METADATA))),
    "metadata that is a text": sealed(sessions=tuple_of(raw(b"")), metadata=tuple_of(text("x"))),
    "a setting from no time": with_shared(settings={"A": {**VALUE, "at": float("inf")}}),
    "a setting that is not a number": with_shared(settings={"A": {**VALUE, "readable": float("nan")}}),
    "a setting of bytes": with_shared(settings={"A": {**VALUE, "readable": b"harm"}}),
    "a setting with numbers for keys": with_shared(settings={"A": {**VALUE, "readable": {1: 2}}}),
    "shared things missing": sealed(shared=raw(b"\x80")),
}

HARMLESS = {
    "a header": sealed(),
    "a session": with_session({**SESSION, "edges": [["A", "B"]], "scopes": {"s": [["A", "B"]]}, "endpoints": [PORT]}),
    "what no session holds": with_shared(persistent=[["A", "B"]], settings={"A": VALUE}),
}
"""Made with the same tools as the attacks, so that those are refused for what is wrong with them alone."""

REASONS = {
    "calls os.system": "'system' of 'os'",
    "calls a dot after the class": "'SealedSnapshot.open'",
    "NEWOBJ skips the constructor": "opcode b'\\x81'",
    "a million blobs of nothing": "more than 250000 opcodes",
    "two pickles": "more bytes follow",
    "a doubled tuple as the version": "header is malformed",
    "a doubled tuple as the sessions": "header is malformed",
    "a version of the future": "version is 3",
    "a negative revision": "revision is none",
    "a session from no time": "session has no time",
    "a session twice": "the same id",
    "an edge to nowhere": "is no topic",
    "metadata of nobody": "header is malformed",
    "metadata that is a text": "header is malformed",
    "edges out of order": "edges are not in order",
    "an edge twice": "edges are not in order",
    "persistent edges out of order": "edges are not in order",
    "edges of a scope out of order": "edges are not in order",
    "an endpoint that listens": "direction",
    "an endpoint twice": "endpoints are not in order",
    "a setting from no time": "setting has no time",
    "a setting of bytes": "not plain data",
}
"""Why some of them must be refused, so that no other fault in them hides that a check is gone."""
