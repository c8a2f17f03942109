"""Frames from the guest's browser: typed commands, or a refusal that keeps the connection alive."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.protocol import (
    MAX_FRAME_BYTES,
    Command,
    Hello,
    MarkRead,
    Ping,
    Rate,
    Refused,
    RequestPerson,
    SendMessage,
    SetTyping,
    UpdateGuest,
    parse,
)

CLIENT_IDS = st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True)
PLAIN_TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\n\t"), min_size=1, max_size=500
).filter(lambda text: text.strip())
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def refused(frame: str | bytes) -> Refused:
    answer = parse(frame)
    assert isinstance(answer, Refused), answer
    return answer


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        ({"type": "hello"}, Hello()),
        (
            {"type": "hello", "token": "t0k-en_1", "last_seq": 7, "language": "de-AT"},
            Hello(token="t0k-en_1", last_seq=7, language="de-AT"),
        ),
        ({"type": "hello", "token": None, "last_seq": None, "language": None}, Hello()),
        ({"type": "typing", "active": True}, SetTyping(active=True)),
        ({"type": "guest.update", "name": "Ada", "email": ""}, UpdateGuest(name="Ada", email="")),
        ({"type": "guest.update", "name": None, "phone": "a\x00b"}, UpdateGuest(phone="ab")),
        ({"type": "person.request"}, RequestPerson()),
        ({"type": "rate", "score": 5}, Rate(score=5)),
        ({"type": "read", "seq": 3}, MarkRead(seq=3)),
        ({"type": "ping"}, Ping()),
    ],
)
def test_every_documented_frame_is_understood(frame: dict[str, object], command: Command) -> None:
    assert parse(json.dumps(frame)) == command
    assert parse(json.dumps(frame).encode()) == command


@given(client_id=CLIENT_IDS, text=PLAIN_TEXT)
def test_a_message_arrives_as_it_was_written(client_id: str, text: str) -> None:
    frame = json.dumps({"type": "message.send", "client_id": client_id, "text": text})

    assert parse(frame) == SendMessage(client_id=client_id, text=text)


@given(frame=st.text(max_size=400) | st.binary(max_size=400) | ANY_JSON.map(json.dumps))
def test_no_frame_ever_raises(frame: str | bytes) -> None:
    assert isinstance(parse(frame), Command | Refused)


@given(
    kind=st.sampled_from(["hello", "message.send", "typing", "guest.update", "rate", "read"]),
    fields=st.dictionaries(
        st.sampled_from(
            [
                "client_id",
                "text",
                "token",
                "last_seq",
                "language",
                "active",
                "name",
                "consent_follow_up",
                "score",
                "seq",
            ]
        ),
        ANY_JSON,
    ),
)
def test_no_field_value_ever_raises_and_what_is_accepted_can_be_stored(kind: str, fields: dict[str, object]) -> None:
    answer = parse(json.dumps({"type": kind, **fields}))

    assert isinstance(answer, Command | Refused)
    str(answer).encode()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "not json",
        "[]",
        '"hello"',
        "null",
        "42",
        '{"type": "ping"',
        '{"type": "read", "seq": NaN}',
        '{"type": "read", "seq": Infinity}',
        '{"type": "read", "seq": 1e999}',
        '{"type": "read", "seq": ' + "9" * 5000 + "}",
        "[" * 4000 + "]" * 4000,
        b"\xff\xfe{}",
    ],
)
def test_what_is_not_a_json_object_is_malformed(frame: str | bytes) -> None:
    assert refused(frame).code == "malformed"


def test_an_object_nested_as_deep_as_a_frame_allows_is_refused() -> None:
    # Python 3.11 gives up reading it, later ones don't: then it has no type that we know.
    assert refused('{"a":' * 1300 + "1" + "}" * 1300).code in ("malformed", "unknown_type")


@pytest.mark.parametrize("kind", ["shout", "", None, 5, ["ping"], {"a": 1}])
def test_an_unknown_type_is_told_so(kind: object) -> None:
    assert refused(json.dumps({"type": kind, "client_id": "c1"})) == Refused(
        "unknown_type",
        "type is one of hello, message.send, typing, guest.update, person.request, rate, read, ping",
        "c1",
    )


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "ping", "extra": 1},
        {"type": "typing"},
        {"type": "typing", "active": "yes"},
        {"type": "typing", "active": 1},
        {"type": "rate", "score": 0},
        {"type": "rate", "score": 6},
        {"type": "rate", "score": 4.5},
        {"type": "rate", "score": True},
        {"type": "read", "seq": -1},
        {"type": "read", "seq": 2**31},
        {"type": "hello", "last_seq": "3"},
        {"type": "hello", "token": ""},
        {"type": "hello", "token": "with space"},
        {"type": "hello", "token": "t" * 201},
        {"type": "hello", "language": "../../etc"},
        {"type": "message.send", "client_id": "", "text": "hi"},
        {"type": "message.send", "client_id": "c" * 65, "text": "hi"},
        {"type": "message.send", "client_id": "a b", "text": "hi"},
        {"type": "message.send", "text": "hi"},
        {"type": "message.send", "client_id": "c1", "text": ["hi"]},
        {"type": "guest.update", "name": 5},
    ],
)
def test_missing_unknown_and_wrong_fields_are_malformed(frame: dict[str, object]) -> None:
    answer = refused(json.dumps(frame))

    assert answer.code == "malformed"
    assert answer.about == frame["type"]


def test_a_refused_message_names_its_client_id_so_that_the_client_can_stop_waiting() -> None:
    assert refused('{"type": "message.send", "client_id": "c1", "text": 5}').client_id == "c1"


def test_a_frame_over_8_kb_is_too_large_and_still_names_its_message() -> None:
    first = json.dumps({"type": "message.send", "client_id": "c-first", "text": "a" * 10_000})
    last = json.dumps({"type": "message.send", "text": "a" * 10_000, "client_id": "c-last"})

    assert (refused(first).code, refused(first).client_id) == ("too_large", "c-first")
    assert (refused(last.encode()).code, refused(last.encode()).client_id) == ("too_large", "c-last")


def test_the_size_counts_bytes_not_characters() -> None:
    fits = json.dumps({"type": "message.send", "client_id": "c1", "text": "م" * 4000}, ensure_ascii=False)
    too_large = json.dumps({"type": "message.send", "client_id": "c1", "text": "😀" * 2100}, ensure_ascii=False)

    assert len(fits.encode()) <= MAX_FRAME_BYTES
    assert isinstance(parse(fits), SendMessage)
    assert refused(too_large).code == "too_large"


def test_a_message_of_4000_characters_is_taken_and_one_more_is_too_long() -> None:
    def frame(length: int) -> str:
        return json.dumps({"type": "message.send", "client_id": "c1", "text": "a" * length})

    assert isinstance(parse(frame(4000)), SendMessage)
    assert refused(frame(4001)).code == "too_long"


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x00", "\ufeff".replace("\ufeff", "\uffff")])
def test_a_message_without_text_is_empty(text: str) -> None:
    answer = refused(json.dumps({"type": "message.send", "client_id": "c1", "text": text}))

    assert (answer.code, answer.client_id) == ("empty", "c1")


def test_control_characters_go_and_line_breaks_stay() -> None:
    frame = json.dumps({"type": "message.send", "client_id": "c1", "text": "a\x00b\x1b[31m\r\nc\td\x9f"})

    assert parse(frame) == SendMessage(client_id="c1", text="ab[31m\nc\td")


def test_half_an_emoji_is_replaced_and_a_whole_one_kept() -> None:
    assert parse('{"type":"message.send","client_id":"c1","text":"x\\ud83d"}') == SendMessage(
        client_id="c1", text="x\ufffd"
    )
    assert parse('{"type":"message.send","client_id":"c1","text":"\\ud83d\\ude00"}') == SendMessage(
        client_id="c1", text="😀"
    )
