"""The REST API: the same conversation without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from concierge_core.domain.conversation import Channel
from concierge_core.use_cases.guest import start_session

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def bearer(http: Any) -> dict[str, str]:
    arrived = await http.post("/api/sessions", json={"language": "en"})
    assert arrived.status_code == 201
    return {"Authorization": f"Bearer {arrived.json()['token']}"}


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


async def test_a_guest_writes_and_reads_the_reply(http: Any, bearer: dict[str, str]) -> None:
    first = await http.post("/api/messages", json={"client_id": "c1", "text": "Hello?"}, headers=bearer)
    again = await http.post("/api/messages", json={"client_id": "c1", "text": "Hello?"}, headers=bearer)
    page = await _page_with(http, bearer, 2)

    assert (first.status_code, first.json()["seq"], first.json()["duplicate"]) == (201, 1, False)
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert [(m["author"], m["text"]) for m in page["messages"]] == [
        ("guest", "Hello?"),
        ("concierge", "You said: Hello?"),
    ]
    assert page["more"] is False
    after = (await http.get("/api/conversation?after=1", headers=bearer)).json()
    assert [m["seq"] for m in after["messages"]] == [2]


async def test_a_session_is_resumed_by_its_token_and_shared_with_the_socket(
    http: Any, bearer: dict[str, str], server: Any, browse: Open
) -> None:
    token = bearer["Authorization"].split()[1]
    again = await http.post("/api/sessions", headers=bearer)
    browser = await browse(server)
    welcome = await browser.hello(token=token)

    await http.post("/api/messages", json={"client_id": "c1", "text": "From elsewhere"}, headers=bearer)

    assert again.json()["conversation"] == welcome["conversation"]
    assert (await browser.next("message", seq=1))["text"] == "From elsewhere"


async def test_details_person_and_rating(http: Any, bearer: dict[str, str]) -> None:
    details = await http.patch(
        "/api/guest", json={"name": "Ada", "email": "a@b.example", "phone": None}, headers=bearer
    )
    person = await http.post("/api/person", headers=bearer)
    rating = await http.post("/api/rating", json={"score": 4}, headers=bearer)
    page = (await http.get("/api/conversation", headers=bearer)).json()

    assert (details.status_code, details.json()["has_email"]) == (200, True)
    assert (person.status_code, person.json()["status"]) == (202, "waiting")
    assert (rating.status_code, page["rating"], page["guest"]["name"]) == (204, 4, "Ada")


@pytest.mark.parametrize(
    ("method", "path", "json", "expected"),
    [
        ("POST", "/api/messages", {"client_id": "c1", "text": ""}, (422, "empty")),
        ("POST", "/api/messages", {"client_id": "c1", "text": "a" * 5000}, (422, "too_long")),
        ("POST", "/api/messages", {"client_id": "c1", "text": "a" * 50_000}, (422, "malformed")),
        ("POST", "/api/messages", {"client_id": "c 1", "text": "hi"}, (422, "malformed")),
        ("POST", "/api/messages", {"text": "hi"}, (422, "malformed")),
        ("POST", "/api/messages", {"client_id": "c1", "text": "hi", "x": 1}, (422, "malformed")),
        ("POST", "/api/messages", ["hi"], (422, "malformed")),
        ("PATCH", "/api/guest", {"email": "nonsense"}, (422, "bad_email")),
        ("POST", "/api/rating", {"score": 9}, (422, "malformed")),
        ("GET", "/api/conversation?after=-1", None, (422, "malformed")),
        ("GET", "/api/conversation?after=x", None, (422, "malformed")),
    ],
)
async def test_bad_input_is_a_problem_document(
    http: Any, bearer: dict[str, str], method: str, path: str, json: Any, expected: tuple[int, str]
) -> None:
    assert problem(await http.request(method, path, json=json, headers=bearer)) == expected


async def test_what_is_not_json_is_a_problem_document(http: Any, bearer: dict[str, str]) -> None:
    for body in (b"{", b"\xff", b"[" * 5000):
        answer = await http.post("/api/messages", content=body, headers={**bearer, "content-type": "application/json"})
        assert problem(answer)[1] == "malformed"


@pytest.mark.parametrize("authorization", [None, "Bearer never-given", "Basic abc", "Bearer"])
async def test_without_a_known_token_there_is_no_conversation(http: Any, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    answer = await http.get("/api/conversation", headers=headers)

    assert problem(answer) == (401, "bad_token")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_too_many_messages_are_told_when_to_try_again(http: Any, bearer: dict[str, str]) -> None:
    for number in range(20):
        await http.post("/api/messages", json={"client_id": f"c{number}", "text": "spam"}, headers=bearer)

    answer = await http.post("/api/messages", json={"client_id": "c20", "text": "spam"}, headers=bearer)

    assert problem(answer) == (429, "too_many")
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"] >= 1


async def test_the_property_is_told_in_the_language_that_is_wished(http: Any, server: Any) -> None:
    house = server.rt.tenant.spec.property

    told = (await http.get("/api/property")).json()

    assert (told["name"], told["languages"], told["language"]) == (house.name, house.languages, house.languages[0])
    assert house.name in told["ai_disclosure"]
    assert told["branding"]["primary_color"] == house.branding.primary_color


async def test_only_the_allowed_websites_may_call(serve: Open, make_tenant: Any, make_widget: Any) -> None:
    import httpx

    server = await serve(make_tenant(widget=make_widget(["https://www.hotel.example"])))
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        allowed = await client.get("/api/property", headers={"Origin": "https://www.hotel.example"})
        asked = await client.options(
            "/api/messages",
            headers={"Origin": "https://www.hotel.example", "Access-Control-Request-Method": "POST"},
        )
        foreign = await client.post("/api/sessions", json={}, headers={"Origin": "https://evil.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://www.hotel.example"
    assert "Origin" in allowed.headers["vary"]
    assert asked.status_code == 204
    assert "authorization" in asked.headers["access-control-allow-headers"]
    assert problem(foreign) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in foreign.headers


async def test_the_api_describes_itself(http: Any) -> None:
    described = (await http.get("/api/openapi.json")).json()

    assert set(described["paths"]) >= {
        "/api/property", "/api/sessions", "/api/conversation", "/api/messages", "/api/guest", "/api/person",
        "/api/rating",
    }  # fmt: skip
    assert "Problem" in described["components"]["schemas"]


async def _page_with(http: Any, bearer: dict[str, str], count: int) -> Any:
    async with asyncio.timeout(5):
        while True:
            page = (await http.get("/api/conversation", headers=bearer)).json()
            if len(page["messages"]) >= count:
                return page
            await asyncio.sleep(0.02)


async def test_what_opens_a_phone_call_opens_nothing_on_the_web_and_the_other_way_round(
    http: Any, bearer: dict[str, str], server: Any, browse: Open
) -> None:
    # A call's SID is known to Twilio, its logs and whoever reads them: a web session would be theirs for the asking.
    call = await start_session(server.rt, channel=Channel.VOICE, token="call:CA123", phone="+4915112345678")
    own = bearer["Authorization"].split()[1]
    browser = await browse(server)

    told = problem(await http.get("/api/conversation", headers={"Authorization": "Bearer call:CA123"}))
    await browser.send("hello", token="call:CA123")

    assert told == (401, "bad_token")
    assert (await browser.next("error"))["code"] == "bad_token"
    assert (await start_session(server.rt, channel=Channel.VOICE, token="call:CA123")).guest.id == call.guest.id
    web = await start_session(server.rt, token=own)
    assert (await start_session(server.rt, channel=Channel.VOICE, token=own)).guest.id != web.guest.id
