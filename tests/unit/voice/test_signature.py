"""Signatures, checked against a way of signing that was written down independently."""

from __future__ import annotations

import pytest
from starlette.datastructures import FormData

from concierge_simulators.twilio_signature import sign
from concierge_voice.signature import is_signed

ADDRESS = "https://seehof.example/voice/gather?turn=2&silence=0&wait=0&heard=3"
FIELDS = [("CallSid", "CA1"), ("From", "+49151"), ("SpeechResult", "Frühstück, bitte"), ("Tag", "b"), ("Tag", "a")]


def checked(*, tokens: list[str], signature: str, address: str = ADDRESS) -> bool:
    return is_signed(address, FormData(FIELDS), signature, tokens=tokens, algorithm="HMAC_SHA1")


def test_what_twilio_signs_is_accepted_repeated_fields_too() -> None:
    assert checked(tokens=["secret"], signature=sign("secret", ADDRESS, FIELDS))


def test_a_token_that_is_being_changed_works_old_and_new() -> None:
    assert checked(tokens=["new", "old"], signature=sign("old", ADDRESS, FIELDS))
    assert checked(tokens=["new", "old"], signature=sign("new", ADDRESS, FIELDS))


@pytest.mark.parametrize("signature", ["", "x", "Zm9yZ2Vk", "é" * 28])
def test_anything_else_is_refused(signature: str) -> None:
    assert not checked(tokens=["secret"], signature=signature)


def test_another_address_or_no_token_is_refused() -> None:
    right = sign("secret", ADDRESS, FIELDS)

    assert not checked(tokens=["secret"], signature=right, address=ADDRESS.replace("turn=2", "turn=3"))
    assert not checked(tokens=[], signature=right)


def test_the_published_example_of_twilio_holds() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }

    signature = sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", fields.items())

    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
