"""Units that are declared and do not run: their worker process is gone, and has not come back yet. Pure."""

from collections.abc import Iterator

from ._metadata import GraphMetadata, UnitMetadata
from ._snapshot import GraphSnapshot


def down_units(snapshot: GraphSnapshot) -> tuple[str, ...]:
    """Return the addresses of units that are down, sorted.

    Such a unit has streams, none of them has an endpoint, and another unit of the same session has. So a session
    that only describes units, and runs none, has none that are down.
    """
    open_now = {(each.topic, each.direction) for session in snapshot.sessions.values() for each in session.endpoints}
    described = (session.metadata for session in snapshot.sessions.values() if session.metadata is not None)
    return tuple(sorted(address for metadata in described for address in _down(metadata, open_now)))


def _down(metadata: GraphMetadata, open_now: set[tuple[str, str]]) -> Iterator[str]:
    wanted = {address: _endpoints(unit) for address, unit in metadata.units.items()}
    if any(open_now & own for own in wanted.values()):
        yield from (address for address, own in wanted.items() if own and not open_now & own)


def _endpoints(unit: UnitMetadata) -> set[tuple[str, str]]:
    """Topics and directions of the endpoints that *unit* has while it runs; others may have the opposite ones."""
    takes = {(stream.address, "subscriber") for stream in unit.input_streams.values()}
    return takes | {(stream.address, "publisher") for stream in unit.output_streams.values()}
