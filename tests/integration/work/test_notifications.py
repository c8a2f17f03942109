"""A guest asks for a person: the desk's mailbox and the house's pager hear of it, whatever dies on the way."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import REGISTRY

from concierge_core.notifications.signature import is_genuine
from concierge_core.runtime import Runtime
from concierge_core.telemetry import span
from concierge_core.use_cases.guest import post_message, request_person, start_session, update_guest
from concierge_core.work.celery_app import make_celery
from concierge_core.work.envelope import Envelope
from concierge_core.work.sender import send_due_tasks
from concierge_core.work.work_settings import WorkSettings

SECRET_WORDS = "my bathroom is flooded"


async def guest_wants_a_person(rt: Runtime) -> str:
    session = await start_session(rt)
    await update_guest(rt, guest_id=session.guest.id, name="Ada Lovelace", room_number="12")
    await post_message(rt, conversation_id=session.conversation.id, client_id="1", text=SECRET_WORDS)
    await request_person(rt, conversation_id=session.conversation.id)
    return session.conversation.id


async def relay(rt: Runtime, condition: Any, tools: Any, seconds: float = 30) -> Any:
    """Relay as the web process does, until the condition holds."""

    async def relayed() -> Any:
        await send_due_tasks(rt)
        return condition()

    return await tools.until(relayed, seconds=seconds)


async def nothing_is_open(rt: Runtime) -> bool:
    async with rt.store.read() as unit:
        return not await unit.outbox.unsent_tasks(rt.tenant_id, sent_before=rt.clock.now())


async def test_the_desk_gets_a_mail_and_the_pager_a_signed_post(
    rt: Runtime, start: Any, mailbox: Any, hook: Any, tools: Any
) -> None:
    worker = start("worker")
    conversation_id = await guest_wants_a_person(rt)

    await relay(rt, lambda: mailbox.mails and hook.received, tools)

    mail = mailbox.mails[0]
    text = mail.get_payload(decode=True).decode()
    assert mail["To"] == "desk@seehof.example"
    assert "Ada Lovelace" in text
    assert f"https://seehof.example/admin/conversations/{conversation_id}" in text
    headers, body = hook.received[0]
    assert is_genuine(
        tools.SIGNING_KEY,
        timestamp=int(headers["concierge-timestamp"]),
        body=body,
        signature=headers["concierge-signature"],
        now=time.time(),
    )
    told = json.loads(body)
    assert told["event"] == headers["concierge-event"] == "handoff"
    assert told["conversation"]["id"] == conversation_id
    assert SECRET_WORDS not in text + body.decode() + worker.output


async def test_the_guests_trace_goes_on_in_the_worker(rt: Runtime, start: Any, hook: Any, tools: Any) -> None:

    trace.set_tracer_provider(TracerProvider())
    worker = start("worker")
    with span("guest") as guest:
        await guest_wants_a_person(rt)
        trace_id = trace.format_trace_id(guest.get_span_context().trace_id)

    await relay(rt, lambda: hook.received and worker.events("task_done"), tools)

    assert trace_id != "0" * 32
    assert {event["trace_id"] for event in worker.events("task_done")} == {trace_id}


async def test_a_task_that_comes_twice_tells_once(rt: Runtime, start: Any, mailbox: Any, hook: Any, tools: Any) -> None:
    worker = start("worker")
    await guest_wants_a_person(rt)
    await relay(rt, lambda: len(worker.events("task_done")) >= 3, tools)

    app = make_celery(rt.settings, WorkSettings(), code=rt.tenant_id)
    for entry_id in (1, 2, 3, 4, 5, 6, 7, 8):
        headers = Envelope(entry_id, rt.clock.now()).to_headers()
        await asyncio.to_thread(
            app.send_task, "concierge.notify_handoff", (), {"conversation_id": "x"}, headers=headers
        )
    await tools.until(lambda: len(worker.events("task_already_done_or_held")) >= 8)

    assert (len(mailbox.mails), len(hook.received)) == (1, 1)


async def test_a_receiver_that_fails_is_told_again_with_the_same_delivery(
    rt: Runtime, start: Any, hook: Any, tools: Any
) -> None:
    hook.answers = [500, 503]
    start("worker")
    await guest_wants_a_person(rt)

    await relay(rt, lambda: len(hook.received) >= 3, tools, seconds=40)
    await tools.until(lambda: nothing_is_open(rt))

    deliveries = {headers["concierge-delivery"] for headers, _ in hook.received}
    assert len(deliveries) == 1
    assert len(hook.received) == 3


async def test_a_receiver_that_is_gone_is_left_alone(rt: Runtime, start: Any, hook: Any, tools: Any) -> None:
    hook.answers = [410]
    worker = start("worker")
    await guest_wants_a_person(rt)

    await relay(rt, lambda: worker.events("task_given_up"), tools)
    await tools.until(lambda: nothing_is_open(rt))

    assert len(hook.received) == 1


async def test_a_mail_server_that_refuses_for_a_moment_gets_the_mail_later(
    rt: Runtime, start: Any, mailbox: Any, tools: Any
) -> None:
    mailbox.answers = ["451 try again"]
    start("worker")
    await guest_wants_a_person(rt)

    await relay(rt, lambda: mailbox.mails, tools)

    assert len(mailbox.mails) == 1


async def test_a_worker_killed_in_the_middle_is_followed_by_another(
    rt: Runtime, start: Any, mailbox: Any, hook: Any, tools: Any
) -> None:
    hook.pause = 3.0
    first = start("worker")
    await guest_wants_a_person(rt)
    # The mail is sent and noted; the post is on its way.
    await relay(rt, lambda: hook.received and _deliveries_done(first), tools)

    first.kill()
    hook.pause = 0.0
    second = start("worker")
    await tools.until(lambda: len(hook.received) >= 2, seconds=40)
    await tools.until(lambda: nothing_is_open(rt), seconds=40)

    # The receiver saw the killed attempt too: the same delivery, which it can tell by its id.
    assert len({headers["concierge-delivery"] for headers, _ in hook.received}) == 1
    assert len(mailbox.mails) == 1
    assert second.stop() == 0


def _deliveries_done(worker: Any) -> list[Any]:
    return [event for event in worker.events("task_done") if event["task"] == "concierge.deliver"]


async def test_with_valkey_away_work_waits_in_the_database(
    rt: Runtime, start: Any, valkey: Any, mailbox: Any, hook: Any, tools: Any
) -> None:
    start("worker")
    valkey.kill()
    await guest_wants_a_person(rt)

    began = time.monotonic()
    sent = await send_due_tasks(rt)
    took = time.monotonic() - began
    async with rt.store.read() as unit:
        waiting = await unit.outbox.unsent_tasks(rt.tenant_id)
    valkey.start()
    await relay(rt, lambda: mailbox.mails and hook.received, tools, seconds=60)

    assert sent == 0
    assert took < 5
    assert len(waiting) == 1
    assert (len(mailbox.mails), len(hook.received)) == (1, 1)


async def test_work_that_waits_for_a_worker_is_on_the_metrics_page(
    rt: Runtime, start: Any, mailbox: Any, tools: Any
) -> None:
    def waiting() -> float | None:
        return REGISTRY.get_sample_value("concierge_work_waiting")

    await guest_wants_a_person(rt)
    await send_due_tasks(rt)
    before = waiting()
    start("worker")
    await relay(rt, lambda: mailbox.mails and waiting() == 0, tools)

    assert before == 1


async def test_what_valkey_took_and_lost_is_sent_again(
    rt: Runtime, start: Any, valkey: Any, mailbox: Any, hook: Any, tools: Any
) -> None:
    await send_due_tasks(rt)  # asks which broker it is
    await guest_wants_a_person(rt)
    assert await send_due_tasks(rt) == 1

    valkey.kill()
    valkey.start()
    start("worker")
    await relay(rt, lambda: mailbox.mails and hook.received, tools, seconds=15)

    assert (len(mailbox.mails), len(hook.received)) == (1, 1)
