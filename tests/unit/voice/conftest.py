"""A property with a telephone."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_core.tenant.model import ConciergeTenant

ACCOUNT = "AC" + "1" * 32
NUMBER = "+493839312345"


def tenant_with_telephone(**voice: Any) -> ConciergeTenant:
    return ConciergeTenant.model_validate(
        {
            "apiVersion": "concierge.hotel/v1alpha1",
            "kind": "ConciergeTenant",
            "metadata": {"name": "seehof"},
            "spec": {
                "property": {
                    "code": "seehof",
                    "name": "Hotel Seehof & Spa",
                    "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
                    "timezone": "Europe/Berlin",
                    "languages": ["en", "de"],
                },
                "voice": {
                    "enabled": True,
                    "mode": "gather",
                    "twilio": {
                        "accountSid": ACCOUNT,
                        "authTokenSecret": {"name": "twilio", "key": "auth-token"},
                        "number": NUMBER,
                    },
                    **voice,
                },
            },
        },
        by_alias=True,
        by_name=False,
    )


@pytest.fixture
def tenant() -> ConciergeTenant:
    return tenant_with_telephone()
