"""The simulated Twilio takes nothing that the real one would not."""

from __future__ import annotations

import pytest

from concierge_simulators.twilio_twiml import BadTwiml, parse


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b"<Response><Speak>Hi</Speak></Response>", "<Speak>"),
        (b'<Response><Say vioce="x">Hi</Say></Response>', "vioce"),
        (b'<Response><Gather timeout="soon"/></Response>', "soon"),
        (b"<Response><Gather><Hangup/></Gather></Response>", "within <Gather>"),
        (b"<Response><Say></Say></Response>", "1 to 4096"),
        (b"<Response><Redirect></Redirect></Response>", "where to"),
        (b"<Response><Hangup/><Say>Hi</Say></Response>", "ever reached"),
        (b'<Response><Gather actionOnEmptyResult="true"/><Say>Hi</Say></Response>', "ever reached"),
        (b"<Answer/>", "<Response> expected"),
        (b"<Response><Say>Hi</Response>", "not XML"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><Response/>', "document type"),
    ],
)
def test_a_document_twilio_would_not_take_fails_and_says_why(document: bytes, complaint: str) -> None:
    with pytest.raises(BadTwiml, match=complaint.replace("<", "<")):
        parse(document)


def test_a_good_document_is_read_in_order() -> None:
    verbs = parse(b'<Response><Say language="de-DE">Hallo</Say><Pause length="1"/><Hangup/></Response>')

    assert [verb.name for verb in verbs] == ["Say", "Pause", "Hangup"]
