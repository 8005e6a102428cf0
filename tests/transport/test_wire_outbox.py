"""Fragments and the outbox: order, turns and bounds. No tasks here."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transport import (
    LimitExceeded,
    Payload,
)
from transport._documents._codec import JSON, MSGPACK, Codec
from transport._documents._fragments import Assembler, fragment_document, next_cut
from transport._documents._nesting import PlainBounds
from transport._documents._rpc import Notification, read_frame
from transport._peer._outbox import Outbox

BOUNDS = PlainBounds(64, 1024 * 1024)
CODECS = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])


def read(codec: Codec, document: Any) -> Any:
    return read_frame(codec.frame(codec.encode(document)), BOUNDS)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.integers(4, 40))
def test_any_text_is_cut_between_characters_and_joined_again(text: str, size: int) -> None:
    document, at, pieces = text.encode(), 0, []
    while at < len(document):
        end = next_cut(document, at, size, text=True)
        assert at < end <= at + size
        pieces.append(document[at:end].decode())
        at = end
    assert "".join(pieces) == text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=6), st.randoms())
@CODECS
def test_mixed_transfers_arrive_whole(codec: Codec, texts: list[str], random: Any) -> None:
    outbox = Outbox(10**9, 10**9, 16)
    documents = [codec.encode({"text": text, "pad": "x" * 20}) for text in texts]
    for document in documents:
        outbox.put(document, codec, bulk=random.random() < 0.3, ordered=random.random() < 0.5)
    assembler, arrived = Assembler(64, "limit", 10**6), []
    while (found := outbox.next_frame()) is not None:
        record = read_frame(codec.frame(found[0]), BOUNDS)
        whole = assembler.add(record.params, text=codec.text)
        if whole is not None:
            arrived.append(whole if isinstance(whole, bytes) else whole.encode())
    assert sorted(arrived) == sorted(documents)
    assert outbox.waiting(bulk=False) == outbox.waiting(bulk=True) == 0


def piece(data: bytes, transfer: int = 1, *, last: bool = False) -> Payload[Any]:
    record = read_frame(fragment_document(MSGPACK, transfer, data, last=last), BOUNDS)
    assert isinstance(record, Notification)
    return record.params


def text_piece(text: str, *, last: bool = False) -> Any:
    record = read_frame(fragment_document(JSON, 1, text.encode(), last=last).decode(), BOUNDS)
    assert isinstance(record, Notification)
    return record.params


def test_an_assembler_is_bounded_in_bytes_over_all_transfers_and_in_their_number() -> None:
    assembler = Assembler(3, "client_document_bytes", 1000)
    assembler.add(piece(bytes(400), 1), text=False)
    assembler.add(piece(bytes(400), 2), text=False)
    with pytest.raises(LimitExceeded) as caught:
        assembler.add(piece(bytes(400), 1), text=False)
    assert caught.value.args == ("client_document_bytes", 1000)
    assembler = Assembler(3, "client_document_bytes", 1000)
    for transfer in range(3):
        assembler.add(piece(b"x", transfer), text=False)
    with pytest.raises(LimitExceeded) as caught:
        assembler.add(piece(b"x", 3), text=False)
    assert caught.value.args == ("transfers", 3)


def test_a_text_is_bounded_in_bytes_and_not_in_characters() -> None:
    assembler = Assembler(1, "client_document_bytes", 1000)
    assert assembler.add(text_piece("é" * 400), text=True) is None
    with pytest.raises(LimitExceeded):
        assembler.add(text_piece("é" * 100), text=True)


def test_a_finished_transfer_gives_its_room_back() -> None:
    assembler = Assembler(1, "client_document_bytes", 1000)
    for _ in range(20):
        assert assembler.add(piece(bytes(400)), text=False) is None
        assert assembler.add(piece(bytes(400), last=True), text=False) == bytes(800)


def test_a_text_is_put_together_as_it_came_whatever_ends_its_lines() -> None:
    assembler = Assembler(1, "client_document_bytes", 1000)
    for text, last in (("a\r", False), ("\nb\n", False), ("é\r", True)):
        whole = assembler.add(text_piece(text, last=last), text=True)
    assert whole == "a\r\nb\né\r"


def frames(outbox: Outbox) -> list[str]:
    return [found[0].decode() for found in iter(outbox.next_frame, None)]


def test_what_is_urgent_leaves_before_what_is_bulk_and_each_in_order() -> None:
    outbox = Outbox(10**6, 10**6, 100)
    for number in range(3):
        outbox.put(b"bulk %d" % number, JSON, bulk=True)
        outbox.put(b"urgent %d" % number, JSON)
    expected = [f"urgent {number}" for number in range(3)] + [f"bulk {number}" for number in range(3)]
    assert frames(outbox) == expected


def test_large_answers_take_turns_and_small_documents_overtake_them() -> None:
    outbox = Outbox(10**6, 10**6, 10)
    outbox.put(b"a" * 30, JSON, ordered=False)
    outbox.put(b"b" * 30, JSON, ordered=False)
    first = [outbox.next_frame() for _ in range(3)]
    outbox.put(b"small", JSON)
    assert [found[0] for found in first if found] == [
        fragment_document(JSON, 1, b"a" * 10, last=False),
        fragment_document(JSON, 2, b"b" * 10, last=False),
        fragment_document(JSON, 1, b"a" * 10, last=False),
    ]
    found = outbox.next_frame()
    assert found is not None
    assert found[0] == b"small"


def test_a_large_ordered_document_is_not_overtaken_by_the_next() -> None:
    outbox = Outbox(10**6, 10**6, 10)
    outbox.put(b"c" * 30, JSON)
    outbox.put(b"reply", JSON, ordered=False)
    assert frames(outbox)[-1] == "reply"


def test_one_document_may_pass_the_bound_and_the_next_is_refused() -> None:
    outbox = Outbox(1000, 500, 10**6)
    outbox.put(bytes(5000), MSGPACK)
    with pytest.raises(LimitExceeded) as caught:
        outbox.put(b"x", MSGPACK)
    assert caught.value.args == ("outbox_bytes", 1000)
    outbox.put(bytes(600), MSGPACK, bulk=True)
    with pytest.raises(LimitExceeded) as caught:
        outbox.put(b"x", MSGPACK, bulk=True)
    assert caught.value.args == ("message_bytes", 500)
    assert not outbox.has_room(bulk=False)
    outbox.next_frame()
    assert outbox.has_room(bulk=False)
    assert not outbox.has_room(bulk=True)
    outbox.put(b"x", MSGPACK)


def test_many_small_documents_are_not_free() -> None:
    outbox = Outbox(10_000, 10_000, 100)
    with pytest.raises(LimitExceeded):
        for _ in range(100):
            outbox.put(b"x", MSGPACK)
    assert outbox.documents < 50


def test_only_what_has_not_begun_to_leave_can_be_withdrawn() -> None:
    outbox = Outbox(10**6, 10**6, 10)
    kept, begun = outbox.put(b"kept", JSON), outbox.put(b"b" * 30, JSON, ordered=False)
    gone = outbox.put(b"g" * 30, JSON, ordered=False)
    assert outbox.next_frame() == (b"kept", JSON)
    outbox.next_frame()
    assert [outbox.withdraw(parcel) for parcel in (kept, begun, gone)] == [False, False, True]
    assert len(frames(outbox)) == 2
    assert outbox.waiting(bulk=False) == 0
