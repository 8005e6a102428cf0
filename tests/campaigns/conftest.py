"""Houses for campaigns, by kind."""

import gc
from collections.abc import AsyncIterator, Iterator

import pytest
from campaign_house import HOUSES, House

from transport import Limits


@pytest.fixture(params=["local", "memory"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with HOUSES[request.param](Limits()) as house:
        yield house


@pytest.fixture(scope="module", autouse=True)
def old_objects_left_alone() -> Iterator[None]:
    """What thousands of tests before have left is no garbage of these, which collect it all again and again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
