"""A house with a number, and Twilio played on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from concierge_simulators.twilio_numbers import TwilioNumbers
from numbered_house import NumberedHouse, simulated


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioNumbers]:
    async with simulated() as one:
        yield one


@pytest.fixture
def house(twilio: TwilioNumbers) -> NumberedHouse:
    return NumberedHouse(twilio.url)
