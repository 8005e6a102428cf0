"""The graphs of this folder's tests, joined in every way."""

from collections.abc import AsyncIterator

import pytest
from halls import PAIRS, Ends, Hall, open_hall


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    async with open_hall() as hall:
        yield hall


@pytest.fixture(params=PAIRS, ids="-to-".join)
async def ends(request: pytest.FixtureRequest, hall: Hall) -> AsyncIterator[Ends]:
    one, other = request.param
    async with hall.join(one, "publishing") as publishing, hall.join(other, "subscribing") as subscribing:
        yield Ends(hall, publishing, subscribing, request.param)
