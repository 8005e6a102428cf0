"""A registration, made ready before the ledger is entered.

Whatever takes time for each of its components is done here, a few at a time: the ledger's own step then swaps
references. This file does not know who registers, nor who waits in between.
"""

from collections.abc import Generator

from graphmeta import GraphMetadata, encode_metadata_slices, freeze_metadata_slices, seeds_slices

from ._commands import Register
from ._pieces import kept_slices


def ready_slices(metadata: GraphMetadata | None, freeze: bool) -> Generator[object, None, Register]:
    """Make the command of a registration, a component at a time. It can be accepted once.

    *freeze* tells whether somebody in this process has the records, or will: then nobody can change them any longer.
    """
    if freeze and metadata is not None:
        yield from kept_slices(freeze_metadata_slices(metadata))  # First: what is encoded of them stays true.
    encoded = yield from encode_metadata_slices(metadata)
    seeds = yield from seeds_slices(metadata)
    addresses = frozenset(metadata.components) if metadata else frozenset[str]()
    return Register(metadata, encoded, addresses, seeds)
