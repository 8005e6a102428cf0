"""Streams in memory with room for a few chunks, as sockets have: a sender waits only when nobody takes them."""

from typing import Any

import trio


class _Out(trio.abc.SendStream):
    def __init__(self, chunks: "trio.MemorySendChannel[bytes]") -> None:
        self._chunks = chunks

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._chunks.send(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        self._chunks.close()

    async def aclose(self) -> None:
        await self._chunks.aclose()


class _In(trio.abc.ReceiveStream):
    def __init__(self, chunks: "trio.MemoryReceiveChannel[bytes]") -> None:
        self._chunks = chunks
        self._left = b""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if not self._left:
            try:
                self._left = await self._chunks.receive()
            except trio.EndOfChannel:
                return b""
        data, self._left = self._left[:max_bytes], self._left[max_bytes:] if max_bytes else b""
        return data

    def close(self) -> None:
        self._chunks.close()

    async def aclose(self) -> None:
        await self._chunks.aclose()


def roomy_stream_pair(chunks: int = 2) -> "tuple[trio.StapledStream[Any, Any], trio.StapledStream[Any, Any]]":
    """Make the two ends of a connection with room for so many chunks each way."""
    to_there, from_here = trio.open_memory_channel[bytes](chunks)
    to_here, from_there = trio.open_memory_channel[bytes](chunks)
    return trio.StapledStream(_Out(to_there), _In(from_there)), trio.StapledStream(_Out(to_here), _In(from_here))
