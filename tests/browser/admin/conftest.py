"""A property's dashboard really running, with a believable evening in its database, and a browser at the desk."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from concierge_admin import passwords
from concierge_admin.app import create_app
from concierge_core.ai_wire import Done, Sentence, SourceOut, Understood
from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.domain.conversation import Author, Channel, Priority, with_next_seq
from concierge_core.domain.ids import StaffId, new_id
from concierge_core.domain.people import Role, Staff
from concierge_core.domain.understanding import Provenance, Rung, Sentiment, Source, Understanding
from concierge_core.keys import Keyring
from concierge_core.open_runtime import wired
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import migrate, open_store
from concierge_core.tenant.hours import Hours
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.testing import ScriptedConcierge
from concierge_core.use_cases import guest as guests
from concierge_core.use_cases import staff as staff_use_cases
from concierge_core.use_cases.guest import Session
from concierge_core.use_cases.telling import store_message

MANIFEST = Path(__file__).parents[3] / "manifests" / "strandhaus-ruegen.yaml"
PASSWORD = "a password of some length"


@dataclass
class House:
    """The running dashboard. `do` runs a coroutine where the dashboard lives."""

    url: str
    rt: Runtime
    concierge: ScriptedConcierge
    do: Callable[[Coroutine[Any, Any, Any]], Any]
    guests: dict[str, Session] = field(default_factory=dict)

    def writes(self, name: str, text: str) -> None:
        """A guest of the evening writes, as the guest chat does it."""
        session = self.guests[name]
        conversation_id = session.conversation.id
        client_id = new_id(self.rt.clock.now())
        self.do(guests.post_message(self.rt, conversation_id=conversation_id, client_id=client_id, text=text))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One per test: what a test does to the conversations concerns no other."""
    ready: threading.Event = threading.Event()
    made: list[House] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(tmp_path, made, ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(30), "the dashboard did not start"
    yield made[0]
    stop.set()
    thread.join(20)


async def _serve(folder: Path, made: list[House], ready: threading.Event, stop: threading.Event) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with AsyncExitStack() as stack:
            concierge = ScriptedConcierge()
            rt = await _runtime(folder, url, concierge, stack)
            loop = asyncio.get_running_loop()
            house = House(url, rt, concierge, lambda c: asyncio.run_coroutine_threadsafe(c, loop).result(20))
            await _evening(house)
            server = uvicorn.Server(uvicorn.Config(create_app(rt), log_config=None, timeout_graceful_shutdown=1))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.02)
            made.append(house)
            ready.set()
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await serving


async def _runtime(folder: Path, url: str, concierge: ScriptedConcierge, stack: AsyncExitStack) -> Runtime:
    settings = Settings(data_dir=folder, public_url=url)
    [loaded] = load_tenant_files([MANIFEST])
    await asyncio.to_thread(migrate, settings)
    clock = SystemClock()
    store = await open_store(settings, keys=Keyring.from_settings(settings), clock=clock)
    stack.push_async_callback(store.close)
    rt = wired(settings, _always_open(loaded.tenant), clock, store, LocalBroadcast(), concierge)
    async with store.write() as unit:
        await unit.articles.replace_declared(rt.tenant_id, loaded.articles)
    await stack.enter_async_context(rt.turns.running())
    return rt


def _always_open(tenant: ConciergeTenant) -> ConciergeTenant:
    """Tests run at any hour; a hand-off must find the desk staffed, and wait long enough to be looked at."""
    spec = tenant.spec
    facts = spec.property.model_copy(update={"front_desk_hours": Hours.always()})
    patient = spec.chat.model_copy(
        update={"handoff": spec.chat.handoff.model_copy(update={"accept_within_seconds": 600, "hours": None})}
    )
    return tenant.model_copy(update={"spec": spec.model_copy(update={"property": facts, "chat": patient})})


async def _evening(house: House) -> None:
    """Guests of one evening, in every state that the inbox knows."""
    rt = house.rt
    password_hash = await passwords.hash_password(PASSWORD)
    anna = await _hire(rt, "Anna Petersen", "anna", Role.MANAGER, password_hash)
    await _hire(rt, "Clara Voss", "clara", Role.ADMIN, password_hash)
    ben = await _hire(rt, "Ben Okafor", "ben", Role.AGENT, password_hash)
    mira = await _guest(house, "Mira Sandberg", "204", "en", email="mira@example.org")
    await _said(rt, mira, Author.GUEST, "Good evening! Is the pool still open tonight?", understood=_faq("en"))
    await _said(rt, mira, Author.CONCIERGE, "Good evening! The pool is open until 21:00, the sauna until 22:00.")
    await _said(rt, mira, Author.GUEST, "And can somebody bring two more towels to our room?", understood=_wish("en"))
    await guests.request_person(rt, conversation_id=mira.conversation.id)
    lena = await _guest(house, "Lena Vogt", "112", "de")
    await _said(
        rt, lena, Author.GUEST, "Unsere Dusche tropft seit gestern, das ist wirklich ärgerlich.", understood=_cross()
    )
    await guests.request_person(rt, conversation_id=lena.conversation.id, reason="complaint")
    paul = await _guest(house, "Paul Marchetti", "301", "en", channel=Channel.WHATSAPP)
    await _said(rt, paul, Author.GUEST, "Could you book us a table for four on Friday at half past seven?")
    await staff_use_cases.take_over(rt, conversation_id=paul.conversation.id, staff=ben)
    await staff_use_cases.reply(
        rt, conversation_id=paul.conversation.id, staff=ben, text="With pleasure. By the window?", last_seen_seq=1,
        client_id="seed-reply",
    )  # fmt: skip
    await _guest(house, None, None, "en")
    anonymous = house.guests["Guest"]
    await _said(rt, anonymous, Author.GUEST, "When is breakfast served on Sundays?", understood=_faq("en"))
    await _said(
        rt, anonymous, Author.CONCIERGE, "On Sundays breakfast is served from 7:30 to 11:00 in the winter garden."
    )
    nour = await _guest(house, "Nour Haddad", "215", "en", channel=Channel.VOICE)
    await _said(rt, nour, Author.GUEST, "Thank you, that was all.", understood=_pleased())
    await staff_use_cases.close(rt, conversation_id=nour.conversation.id, staff=anna)
    await _requests(rt, anna, mira)


async def _requests(rt: Runtime, anna: Staff, mira: Session) -> None:
    async def make(summary: str, **more: Any) -> Any:
        return await staff_use_cases.make_request(rt, staff=anna, summary=summary, **more)

    await make(
        "Two bath towels", department="housekeeping", kind="towels", room_number="204", due_in_minutes=30,
        conversation_id=mira.conversation.id,
    )  # fmt: skip
    tap = await make(
        "The shower drips", department="maintenance", kind="repair", room_number="112", priority=Priority.HIGH,
        due_in_minutes=15,
    )  # fmt: skip
    async with rt.store.write() as unit:
        await unit.requests.save(rt.tenant_id, replace(tap, due_at=rt.clock.now() - timedelta(minutes=25)))
    taxi = await make("Taxi to the station at 6:40", department="front-desk", kind="taxi", room_number="301")
    await staff_use_cases.move_request(rt, request_id=taxi.id, state=taxi.state.ACCEPTED, staff=anna)


async def _hire(rt: Runtime, name: str, login: str, role: Role, password_hash: str) -> Staff:
    staff = Staff(
        StaffId(new_id(rt.clock.now())), f"{login}@strandhaus.example", name, role, rt.clock.now(), password_hash
    )
    async with rt.store.write() as unit:
        await unit.staff.add(rt.tenant_id, staff)
    return staff


async def _guest(
    house: House, name: str | None, room: str | None, language: str, *, channel: Channel = Channel.WEB, **more: Any
) -> Session:
    session = await guests.start_session(house.rt, language=language, channel=channel)
    await guests.update_guest(house.rt, guest_id=session.guest.id, name=name, room_number=room, **more)
    house.guests[name or "Guest"] = session
    return session


async def _said(
    rt: Runtime, session: Session, author: Author, text: str, *, understood: Understanding | None = None
) -> None:
    grounds = None
    if author is Author.CONCIERGE:
        source = Source("a", "Opening hours of pool and sauna", rt.clock.now())
        grounds = Provenance(Rung.GEMINI, "gemini-3.5-flash", 0.91, (source,))
    async with rt.store.write() as unit:
        found = await unit.conversations.lock(rt.tenant_id, session.conversation.id)
        assert found is not None
        found = with_next_seq(found, rt.clock.now())
        await store_message(rt, unit, found, author=author, text=text, provenance=grounds)
        if understood is not None:
            await unit.conversations.understood(rt.tenant_id, found.id, found.last_seq, understood)
            found = replace(found, sentiment=understood.sentiment, category=understood.intent)
        await unit.conversations.save(rt.tenant_id, found)


def _faq(language: str) -> Understanding:
    return Understanding("faq", 0.93, Sentiment.NEUTRAL, language)


def _wish(language: str) -> Understanding:
    return Understanding("service_request", 0.88, Sentiment.NEUTRAL, language)


def _cross() -> Understanding:
    return Understanding("complaint", 0.9, Sentiment.NEGATIVE, "de")


def _pleased() -> Understanding:
    return Understanding("thanks", 0.97, Sentiment.POSITIVE, "en")


def streamed(*sentences: str, pause: asyncio.Event | None = None) -> list[Any]:
    """The concierge's script: sentences, and after the first one a pause until somebody sets the event."""
    steps: list[Any] = [Understood(intent="faq", confidence=0.9)]
    for number, sentence in enumerate(sentences):
        steps.append(Sentence(text=sentence + " "))
        if pause is not None and number == 0:
            steps.append(pause)
    return [*steps, Done(rung="embedded", confidence=0.9, sources=[SourceOut(article_id="a", title="Parking")])]


@pytest.fixture
def stream() -> Callable[..., list[Any]]:
    return streamed


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium when Playwright's own is not installed; without its sandbox, which containers lack."""
    import os

    found = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")
    arguments = {**browser_type_launch_args, "args": ["--no-sandbox"]}
    return {**arguments, "executable_path": found} if Path(found).exists() else arguments


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(house: House, browser: Browser) -> Iterator[SignIn]:
    """A new browser in which somebody is signed in; complaints of its console fail the test."""
    complaints: list[str] = []
    contexts = []

    def sign_in(login: str = "anna", **options: Any) -> Page:
        context = browser.new_context(base_url=house.url, **{"viewport": {"width": 1360, "height": 850}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto("/admin/")
        page.get_by_label("E-mail address").fill(f"{login}@strandhaus.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/admin/")
        return page

    yield sign_in
    for context in contexts:
        context.close()
    expected = ("409", "422", "404", "net::ERR", "htmx:send", "htmx:afterRequest")
    assert [c for c in complaints if not any(e in c for e in expected)] == []


Do = Callable[[Awaitable[Any]], Any]
