"""Houses for campaigns, by kind."""

from collections.abc import AsyncIterator

import pytest
from campaign_house import HOUSES, House

from transport import Limits


@pytest.fixture(params=["local", "memory"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with HOUSES[request.param](Limits()) as house:
        yield house


@pytest.fixture(scope="module", autouse=True)
def quick_collections(old_objects_left_alone: None) -> None:
    """These collect all garbage again and again."""
