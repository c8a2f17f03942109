"""The typed model: defaults that make sense, and rules that span fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from concierge_core.tenant.model import ConciergeTenant, in_language


def tenant(spec: dict[str, Any] | None = None, **property_fields: Any) -> ConciergeTenant:
    house = {
        "code": "seaside",
        "name": "Seaside",
        "address": {"street": "Pier 1", "city": "Cove", "country": "GB"},
        "timezone": "Europe/London",
        **property_fields,
    }
    return ConciergeTenant.model_validate(
        {"metadata": {"name": "seaside"}, "spec": {"property": house, **(spec or {})}}
    )


def test_the_defaults_are_those_of_a_quiet_small_hotel() -> None:
    spec = tenant().spec
    assert spec.property.default_language == "en"
    assert (spec.property.check_in, spec.property.check_out) == ("15:00", "11:00")
    assert spec.property.emergency_number == "112"
    assert spec.chat.handoff.accept_within_seconds == 120
    assert spec.chat.limits.messages_per_minute_per_session == 20
    assert spec.ai.model == "gemini-3.5-flash"
    assert not spec.voice.enabled
    assert spec.deletion_policy == "Retain"


def test_the_built_in_departments_have_names_in_every_language_we_speak() -> None:
    house = tenant().spec.property
    codes = [department.code for department in house.departments]
    assert codes == ["front-desk", "housekeeping", "maintenance", "food-and-beverage"]
    for language in ("en", "de", "fr", "es", "it", "ar"):
        assert len({house.department_name(code, language) for code in codes}) == 4
    assert house.department_name("front-desk", "de") == "Rezeption"
    assert house.department_name("unheard-of", "de") == "unheard-of"


def test_both_spellings_build_the_same_value_and_dump_round_trips() -> None:
    built = tenant(checkIn="16:00", front_desk_hours={"daily": ["07:00-22:00"]})
    again = ConciergeTenant.model_validate(built.model_dump(by_alias=True, mode="json"))
    assert again == built
    assert again.spec.property.check_in == "16:00"


def test_a_value_cannot_be_changed_after_it_was_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        tenant().spec.property.name = "Other"  # type: ignore[misc]


def test_a_language_with_a_region_is_understood_and_an_unknown_one_becomes_the_default() -> None:
    house = tenant(languages=["de", "en"]).spec.property
    assert [house.supported(code) for code in ("en-GB", "de_AT", "EN", "fr", "", None)] == ["en", "de", "en"] + [
        "de"
    ] * 3


def test_local_time_is_the_property_s() -> None:
    house = tenant(timezone="Asia/Muscat").spec.property
    assert house.local(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)).isoformat() == "2026-07-02T02:30:00+04:00"


@pytest.mark.parametrize(("colour", "text"), [("#14213d", "#ffffff"), ("#f2e8c9", "#000000"), ("#0b5d5b", "#ffffff")])
def test_text_on_the_main_colour_is_readable(colour: str, text: str) -> None:
    assert tenant(branding={"primaryColor": colour}).spec.property.branding.on_primary == text


def test_a_phone_number_loses_its_spaces() -> None:
    assert tenant(phone="+44 (20) 7946-0018").spec.property.phone == "+442079460018"


def test_an_origin_is_reduced_to_scheme_and_host() -> None:
    widget = {"allowedOrigins": ["https://WWW.Sea.example/", "http://localhost:8000"]}
    assert tenant({"widget": widget}).spec.widget.allowed_origins == [
        "https://www.sea.example",
        "http://localhost:8000",
    ]


def test_a_text_falls_back_to_the_default_language_then_english_then_any() -> None:
    texts = {"fr": "Bonjour", "en": "Hello", "de": "Hallo"}
    assert in_language(texts, "de") == "Hallo"
    assert in_language(texts, "it", "fr") == "Bonjour"
    assert in_language(texts, "it", "es") == "Hello"
    assert in_language({"fr": "Bonjour"}, "it") == "Bonjour"
    assert in_language("Moin", "it") == "Moin"
    assert in_language({}, "it") == ""


TWILIO = {"accountSid": "AC" + "0" * 32, "authTokenSecret": {"name": "twilio", "key": "token"}}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"voice": {"enabled": True, "twilio": TWILIO}}, "add the Twilio number"),
        ({"messaging": {"sms": {"enabled": True}}}, "messaging.sms is enabled; add the account"),
        ({"messaging": {"twilio": TWILIO, "whatsapp": {"enabled": True}}}, "add a number"),
        ({"voice": {"greeting": {"de": "Hallo"}}}, 'no text for the default language "en"'),
        ({"voice": {"roster": [{"name": "A", "phone": "+442079460018", "departments": ["x"]}]}}, 'the department "x"'),
        ({"notifications": {"handoffEmails": ["a@b.example"]}}, "add the mail server"),
        ({"notifications": {"handoffEmails": ["a@b"]}}, "must be an e-mail address"),
        (
            {"notifications": {"smtp": {"host": "m", "fromAddress": "a@b.example", "username": "u"}}},
            "both username and passwordSecret",
        ),
        ({"postgres": {"mode": "external"}}, "say where the postgresql:// URL lies"),
        ({"redis": {"mode": "external"}}, "say where the redis:// URL lies"),
        ({"backup": {"enabled": True}}, "say where they go"),
        ({"backup": {"enabled": True, "destination": "s3://b-c/d"}}, "name the Secret with its keys"),
        ({"backup": {"destination": "gs://b-c/d"}}, "write s3:// instead of gs://"),
        ({"backup": {"destination": "https://b.example/d"}}, "must be a bucket as s3://bucket/path"),
        ({"backup": {"destination": "pvc:a/b"}}, "or a volume claim as pvc:NAME"),
        ({"backup": {"schedule": "30 25 * * *"}}, '"25" is not in the range of 0 to 23; write a cron line such as'),
        ({"deletionPolicy": "Snapshot"}, "say where the last backup goes"),
        ({"gateway": {"name": "a", "ingressClass": "b"}}, "choose a Gateway or an Ingress"),
        ({"autoscaling": {"chat": {"minReplicas": 4}}}, "smaller than minReplicas"),
        ({"storage": {"size": "10 GB"}}, "Kubernetes quantity"),
        ({"widget": {"allowedOrigins": ["https://sea.example/chat"]}}, "scheme and host only"),
        ({"chat": {"greeting": {"xx": "?"}}}, "not a language"),
        ({"suspend": {"reopensOn": "31.12.2026"}}, "must be a date as YYYY-MM-DD"),
        (
            {
                "knowledge": {
                    "articles": [
                        {
                            "slug": "a-b",
                            "validFrom": "2026-02-02",
                            "validTo": "2026-01-01",
                            "text": {"en": {"question": "Why?", "answer": "So."}},
                        }
                    ]
                }
            },
            "lies before validFrom",
        ),
    ],
)
def test_rules_between_fields_are_told_in_words(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        tenant(spec)
    assert words in caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Base"),
        ("timezone", "Europe"),
        ("timezone", "../etc"),
        ("languages", ["en", "en"]),
        ("languages", ["eng"]),
        ("languages", []),
        ("code", "Sea Side"),
        ("code", "a" * 41),
        ("checkIn", "3 pm"),
        ("phone", "110"),
        ("website", "ftp://sea.example"),
        ("website", "https://[sea"),
        ("departments", [{"code": "front-desk", "name": "A"}, {"code": "front-desk", "name": "B"}]),
        ("departments", [{"code": "front-desk", "name": {}}]),
        ("departments", [{"code": "front-desk", "name": {"en": 1}}]),
        ("branding", {"primaryColor": "red"}),
        ("rooms", True),
        ("name", 7),
    ],
)
def test_values_that_make_no_sense_are_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        tenant(**{field: value})
