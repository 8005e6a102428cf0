"""Bytes in pieces: a value like any other, and what is large in a document crosses without a copy. No tasks here."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport import Pieces, Shared
from transport._documents._codec import JSON, LARGE_BYTES, MSGPACK
from transport._documents._fragments import next_cut
from transport._documents._rpc import reply_document
from transport._peer._outbox import Outbox

CODECS = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])
PIECES = st.lists(st.binary(max_size=5), max_size=6)
LARGE = b"x" * LARGE_BYTES


@given(PIECES, st.integers(-2, 40), st.integers(-2, 40))
def test_a_slice_of_pieces_is_a_slice_of_the_whole(pieces: list[bytes], start: int, end: int) -> None:
    whole = b"".join(pieces)
    assert (len(Pieces(pieces)), bytes(Pieces(pieces))) == (len(whole), whole)
    assert Pieces(pieces)[start:end] == whole[start:end]


@given(st.lists(st.text(max_size=3), max_size=6), st.integers(4, 9))
def test_a_text_in_pieces_is_cut_where_a_character_begins(texts: list[str], size: int) -> None:
    document, start, found = Pieces(text.encode() for text in texts), 0, ""
    while start < len(document):
        end = next_cut(document, start, size, text=True)
        found += document[start:end].decode()
        start = end
    assert found == "".join(texts)


@CODECS
@pytest.mark.parametrize("size", [0, 100, LARGE_BYTES, 3 * LARGE_BYTES])
def test_as_a_value_pieces_are_what_bytes_would_be(codec, size: int) -> None:
    data = bytes(size)
    encoded = codec.encode({"a": [Pieces([data[:7], data[7:]]), "b"]})
    assert codec.decode(bytes(encoded), dict)["a"][1] == "b"
    assert codec.decode(bytes(encoded), dict[str, tuple[bytes, str]]) == {"a": (data, "b")}


@CODECS
def test_what_is_large_and_encoded_already_is_not_copied_into_its_document(codec) -> None:
    large = codec.encode(LARGE.decode())
    shared = Shared.encoded_as(json=large, msgpack=large)
    document = codec.encode({"first": shared, "second": shared, "third": 3})
    assert [piece is large for piece in document].count(True) == 2
    assert codec.decode(bytes(document), dict) == {"first": LARGE.decode(), "second": LARGE.decode(), "third": 3}


@CODECS
def test_a_shared_value_that_holds_something_large_is_encoded_once(codec) -> None:
    inner = Shared(LARGE.decode())
    outer = Shared({"inner": inner, "more": 1})
    for _ in range(2):
        assert codec.decode(bytes(codec.encode([outer, inner])), list) == [
            {"inner": LARGE.decode(), "more": 1},
            LARGE.decode(),
        ]
    documents = codec.encode(outer), codec.encode(inner)
    large = {id(piece) for document in documents for piece in document if len(piece) >= LARGE_BYTES}
    assert len(large) == 1


def test_a_document_that_cannot_be_encoded_leaves_nothing_behind() -> None:
    with pytest.raises(TypeError):
        MSGPACK.encode([Pieces([LARGE]), object()])
    assert MSGPACK.encode([1]) == b"\x91\x01"


@CODECS
def test_pieces_leave_in_fragments_that_are_the_document(codec) -> None:
    large = Shared.encoded_as(json=JSON.encode("é" * LARGE_BYTES), msgpack=MSGPACK.encode("é" * LARGE_BYTES))
    document = codec.encode(reply_document(1, [large, 2]))
    outbox = Outbox(1 << 20, 1 << 20, 1000)
    outbox.put(document, codec)
    joined = []
    while (frame := outbox.next_frame()) is not None:
        data = codec.decode(frame[0], dict[str, msgspec.Raw])["params"]
        joined.append(codec.decode(data, dict)["data"])
    whole = "".join(joined).encode() if codec.text else b"".join(joined)
    assert whole == bytes(document)
    assert codec.decode(whole, dict)["result"] == ["é" * LARGE_BYTES, 2]
