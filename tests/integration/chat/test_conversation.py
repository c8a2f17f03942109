"""A guest converses: sentences as they are made, the whole reply, nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from concierge_core.ai_wire import Done, Restart, Sentence
from concierge_core.domain.conversation import Author, with_next_seq
from concierge_core.domain.people import Staff
from concierge_core.domain.requests import RequestState
from concierge_core.testing import ScriptedConcierge, said
from concierge_core.use_cases import staff as staff_use_cases
from concierge_core.use_cases.telling import store_message

Open = Callable[..., Awaitable[Any]]


async def test_a_reply_streams_sentence_by_sentence_and_ends_as_one_message(
    guest: Any, concierge: ScriptedConcierge
) -> None:
    concierge.add(*said("Breakfast is from 7.", "It ends at 10:30."))

    ack = await guest.say("When is breakfast?")
    reply = await guest.next("message", author="concierge")

    assert (ack["seq"], ack["duplicate"]) == (1, False)
    assert reply["text"] == "Breakfast is from 7. It ends at 10:30."
    assert (reply["seq"], reply["ai"], reply["rung"]) == (2, True, "embedded")
    deltas = guest.seen("reply.delta")
    assert "".join(d["text"] for d in deltas).strip() == reply["text"]
    assert [d["index"] for d in deltas] == [0, 1]
    assert {d["turn"] for d in deltas} == {guest.seen("turn.started")[0]["turn"]} == {reply["turn"]}
    assert guest.seqs == [1, 2]


async def test_each_sentence_arrives_before_the_next_is_made(guest: Any, concierge: ScriptedConcierge) -> None:
    go_on = asyncio.Event()
    concierge.add(Sentence(text="One. "), go_on, Sentence(text="Two."), Done(rung="embedded"))

    await guest.say("Hello?")
    first = await guest.next("reply.delta")
    go_on.set()

    assert first["text"] == "One. "
    assert (await guest.next("message", author="concierge"))["text"] == "One. Two."


async def test_a_reply_that_starts_over_is_withdrawn_first(guest: Any, concierge: ScriptedConcierge) -> None:
    concierge.add(Sentence(text="Wrong."), Restart(reason="model failed"), *said("Right."))

    await guest.say("Hello?")
    reply = await guest.next("message", author="concierge")

    assert reply["text"] == "Right."
    kinds = [f["type"] for f in guest.frames if f["type"].startswith("reply.")]
    assert kinds == ["reply.delta", "reply.withdrawn", "reply.delta"]


async def test_the_same_client_id_twice_is_one_message(guest: Any) -> None:
    first = await guest.say("Hello?", "same")
    await guest.next("message", author="concierge")
    second = await guest.say("Hello?", "same")

    assert (first["seq"], first["duplicate"]) == (1, False)
    assert (second["seq"], second["duplicate"]) == (1, True)
    assert second["at"] == first["at"]
    await guest.say("And again", "other")
    await guest.next("message", seq=4)
    assert guest.seqs == [1, 2, 3, 4]


async def test_a_guest_who_comes_back_gets_exactly_the_missing(server: Any, guest: Any, browse: Open) -> None:
    token = guest.seen("welcome")[0]["token"]
    await guest.say("One", "c1")
    await guest.next("message", seq=2)
    await guest.line.close()
    second_tab = await browse(server)
    await second_tab.hello(token=token, last_seq=2)
    await second_tab.say("Two", "c2")
    await second_tab.next("message", seq=4)

    back = await browse(server)
    welcome = await back.hello(token=token, last_seq=1)
    await back.next("message", seq=4)
    await back.send("ping")
    await back.next("pong")

    assert (welcome["token"], welcome["last_seq"]) == (token, 4)
    assert back.seqs == [2, 3, 4]
    assert second_tab.seqs == [3, 4]


async def test_a_long_conversation_comes_back_whole_and_in_order(server: Any, guest: Any, browse: Open) -> None:
    token, conversation = (guest.seen("welcome")[0][k] for k in ("token", "conversation"))
    await _fill(server, conversation, 450)

    back = await browse(server)
    await back.hello(token=token, last_seq=0)
    await back.next("message", seq=450)

    assert back.seqs == list(range(1, 451))


async def test_two_tabs_of_one_guest_see_the_same(server: Any, guest: Any, browse: Open) -> None:
    token = guest.seen("welcome")[0]["token"]
    other = await browse(server)
    await other.hello(token=token)

    await guest.say("Hello?")
    mine, theirs = await guest.next("message", seq=2), await other.next("message", seq=2)

    assert mine == theirs
    await guest.send("read", seq=2)
    assert (await other.next("read"))["by"] == "guest"


async def test_what_a_guest_reads_in_a_row_is_told_once_and_is_the_newest(
    server: Any, guest: Any, browse: Open
) -> None:
    token, conversation = (guest.seen("welcome")[0][k] for k in ("token", "conversation"))
    await _fill(server, conversation, 5)
    other = await browse(server)
    await other.hello(token=token)

    for seq in (1, 3, 5, 4):
        await guest.send("read", seq=seq)

    await other.next("read", seq=5)
    assert [frame["seq"] for frame in other.seen("read")] == [5]


async def test_what_a_guest_has_read_is_stored_when_they_leave(server: Any, guest: Any) -> None:
    conversation = guest.seen("welcome")[0]["conversation"]
    await _fill(server, conversation, 5)

    await guest.send("read", seq=4)
    await guest.send("ping")
    await guest.next("pong")
    await guest.line.close()
    await server.stop()

    async with server.rt.store.read() as unit:
        assert (await unit.conversations.get(server.rt.tenant_id, conversation)).guest_read_seq == 4


async def test_a_guest_who_comes_back_in_the_middle_of_a_reply_gets_it_whole(
    server: Any, guest: Any, concierge: ScriptedConcierge, browse: Open
) -> None:
    token = guest.seen("welcome")[0]["token"]
    go_on = asyncio.Event()
    concierge.add(Sentence(text="One. "), go_on, Sentence(text="Two."), Done(rung="embedded"))
    await guest.say("Hello?")
    await guest.next("reply.delta")
    await guest.line.close()

    back = await browse(server)
    await back.hello(token=token, last_seq=1)
    await back.next("turn.started")
    go_on.set()

    assert (await back.next("message"))["text"] == "One. Two."
    assert back.seen("reply.delta") == []


async def test_staff_take_over_answer_and_hand_back_and_the_guest_sees_it(
    server: Any, guest: Any, anna: Staff, concierge: ScriptedConcierge
) -> None:
    conversation = guest.seen("welcome")[0]["conversation"]
    never = asyncio.Event()
    concierge.add(Sentence(text="I was about to say "), never)
    await guest.say("My room is cold")
    await guest.next("reply.delta")

    await staff_use_cases.take_over(server.rt, conversation_id=conversation, staff=anna)
    owner = await guest.next("ownership")
    await staff_use_cases.reply(
        server.rt, conversation_id=conversation, staff=anna, text="I am on my way", last_seen_seq=1, client_id="s1"
    )
    answer = await guest.next("message", author="staff")
    await staff_use_cases.hand_back(server.rt, conversation_id=conversation, staff=anna)
    back = await guest.next("ownership")

    assert guest.seen("reply.withdrawn")
    assert (owner["ownership"], owner["status"], owner["staff_name"]) == ("staff", "with_staff", "Anna")
    assert (answer["text"], answer["staff_name"], answer["ai"]) == ("I am on my way", "Anna", False)
    assert "client_id" not in answer
    assert (back["ownership"], "staff_name" in back) == ("concierge", False)
    concierge.add(*said("Here again."))
    await guest.say("Thanks", "c2")
    assert (await guest.next("message", author="concierge"))["text"] == "Here again."


async def test_a_guest_can_always_ask_for_a_person(guest: Any) -> None:
    await guest.send("person.request")

    assert (await guest.next("ownership"))["status"] == "waiting"
    assert guest.seen("message")[0]["rung"] == "notice"


async def test_a_service_request_is_told_and_followed(server: Any, guest: Any, anna: Staff, browse: Open) -> None:
    welcome = guest.seen("welcome")[0]
    request = await staff_use_cases.make_request(
        server.rt, staff=anna, department="housekeeping", kind="towels", summary="More towels",
        conversation_id=welcome["conversation"],
    )  # fmt: skip
    made = await guest.next("request")
    await staff_use_cases.move_request(server.rt, request_id=request.id, state=RequestState.ON_THE_WAY, staff=anna)
    moved = await guest.next("request")

    assert made == {"type": "request", "number": request.number, "kind": "towels", "state": "open"}
    assert moved["state"] == "on_the_way"
    back = await browse(server)
    await back.hello(token=welcome["token"])
    assert (await back.next("request"))["state"] == "on_the_way"


async def test_details_and_rating_are_kept(server: Any, guest: Any, browse: Open) -> None:
    token = guest.seen("welcome")[0]["token"]

    await guest.send("guest.update", name="Ada", email="ada@example.org", room_number="204", consent_follow_up=True)
    noted = await guest.next("guest")
    await guest.send("guest.update", email="nonsense")
    refused = await guest.next("error")
    await guest.send("rate", score=5)
    await guest.send("ping")
    await guest.next("pong")

    assert (noted["name"], noted["has_email"], "email" in noted) == ("Ada", True, False)
    assert (refused["code"], refused["about"]) == ("bad_email", "guest.update")
    back = await browse(server)
    welcome = await back.hello(token=token)
    assert (welcome["guest"]["name"], welcome["rating"]) == ("Ada", 5)


async def test_two_properties_never_mix(serve: Open, browse: Open, make_tenant: Any) -> None:
    first, second = await serve(make_tenant("first-house")), await serve(make_tenant("second-house"))
    here, there = await browse(first), await browse(second)
    token = (await here.hello())["token"]
    await there.hello()

    await here.say("A secret of the first house")
    await here.next("message", seq=2)
    stranger = await browse(second)
    await stranger.send("hello", token=token)
    refused = await stranger.next("error")
    await there.say("Hello second house")
    await there.next("message", seq=2)

    assert refused["code"] == "bad_token"
    assert not any("secret" in frame.get("text", "") for frame in there.frames + stranger.frames)
    assert [len(s.concierge.requests) for s in (first, second)] == [1, 1]


async def _fill(server: Any, conversation_id: str, count: int) -> None:
    rt = server.rt
    async with rt.store.write() as unit:
        conversation = await unit.conversations.lock(rt.tenant_id, conversation_id)
        assert conversation is not None
        for number in range(count):
            conversation = with_next_seq(conversation, rt.clock.now())
            await store_message(rt, unit, conversation, author=Author.GUEST, text=f"number {number}")
        await unit.conversations.save(rt.tenant_id, conversation)


async def test_the_delivered_reply_ends_the_trace_of_the_guests_message(spans: Any, guest: Any) -> None:
    await guest.say("Hello?")
    await guest.next("message", author="concierge")
    await guest.send("ping")
    await guest.next("pong")

    traces = {span.name: span.context.trace_id for span in spans.get_finished_spans()}
    assert traces["deliver_reply"] == traces["turn"] == traces["guest_message"]
