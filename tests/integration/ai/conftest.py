"""The AI app as its callers reach it: a real server, a real database, the real Gemini client with a played Gemini."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr

from concierge_ai import model_reply
from concierge_ai.app import create_app
from concierge_ai.mind import Mind
from concierge_core.ai_client import AiClient
from concierge_core.ai_wire import Done, Handoff, PastMessage, ReplyEvent, ReplyRequest, Restart, Sentence, Understood
from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.domain.conversation import Conversation, Message
from concierge_core.domain.ids import ArticleId, TenantId
from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.domain.requests import ServiceRequest
from concierge_core.keys import Keyring, MasterKey
from concierge_core.open_runtime import wired
from concierge_core.ports import Store
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import open_store
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.use_cases.guest import post_message, start_session
from concierge_simulators.gemini import GeminiServer

KEY = "a-key-that-must-never-be-seen"
TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "breakfast-hours": {
        "en": ("When is breakfast served?", "Breakfast is served from 7:00 to 10:30 in the garden room. It costs €18."),
        "de": ("Wann gibt es Frühstück?", "Frühstück gibt es von 7:00 bis 10:30 Uhr im Gartenzimmer. Es kostet 18 €."),
    },
    "pool-hours": {"en": ("When is the pool open?", "The pool is open from 8 am to 9 pm, free for our guests.")},
    "pets": {"en": ("Can I bring my dog?", "Pets are not allowed in our house.")},
    "parking": {"en": ("Where can I park?", "Parking in our garage costs €14 a night.")},
}


def house(code: str = "test-house", *, name: str = "Test House", **ai: Any) -> ConciergeTenant:
    """A small property."""
    return ConciergeTenant.model_validate(
        {
            "apiVersion": "concierge.hotel/v1alpha1",
            "kind": "ConciergeTenant",
            "metadata": {"name": code},
            "spec": {
                "property": {
                    "code": code,
                    "name": name,
                    "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
                    "timezone": "Europe/Berlin",
                    "languages": ["en", "de"],
                    "phone": "+49 30 23125 040",
                },
                "ai": ai,
            },
        }
    )


def article(slug: str, texts: dict[str, tuple[str, str]]) -> Article:
    """A declared article."""
    return Article(
        id=ArticleId(f"id-{slug}"),
        slug=slug,
        origin=Origin.DECLARED,
        texts={code: ArticleText(question, answer) for code, (question, answer) in texts.items()},
        content_hash=hashlib.sha256(repr((slug, texts)).encode()).hexdigest(),
        updated_at=datetime(2026, 5, 1, tzinfo=UTC),
    )


@dataclass
class Reply:
    """A reply as its caller saw it."""

    events: list[ReplyEvent] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands at the end: a restart withdraws what came before."""
        kept: list[str] = []
        for event in self.events:
            if isinstance(event, Restart):
                kept.clear()
            elif isinstance(event, Sentence):
                kept.append(event.text)
        return "".join(kept).strip()

    @property
    def ever_shown(self) -> str:
        """Every sentence that left, withdrawn or not."""
        return "".join(e.text for e in self.events if isinstance(e, Sentence))

    @property
    def ending(self) -> Done | Handoff:
        last = self.events[-1]
        assert isinstance(last, Done | Handoff)
        return last

    @property
    def understood(self) -> Understood:
        return [e for e in self.events if isinstance(e, Understood)][-1]


@dataclass
class House:
    """A property with its AI app running."""

    rt: Runtime
    mind: Mind
    gemini: GeminiServer

    async def ask(
        self,
        *messages: str,
        history: list[PastMessage] | None = None,
        heard: asyncio.Event | None = None,
        **fields: Any,
    ) -> Reply:
        """A bare request to the app, without a stored conversation; `heard` is set when its first sentence came."""
        values = {"conversation_id": "c", "turn_id": "t", "attempt": 1, "guest_id": "g", "channel": "web", **fields}
        request = ReplyRequest(tenant=self.rt.tenant_id, messages=list(messages), history=history or [], **values)
        reply = Reply()
        async for event in self.rt.concierge.reply(request):
            reply.events.append(event)
            if heard is not None and isinstance(event, Sentence):
                heard.set()
        return reply

    async def write(self, text: str, *, conversation: Conversation | None = None) -> tuple[Message, Conversation]:
        """As a guest: the message is stored, answered, and the stored reply comes back."""
        if conversation is None:
            conversation = (await start_session(self.rt)).conversation
        posted = await post_message(self.rt, conversation_id=conversation.id, client_id=text[:60], text=text)
        assert posted.turn is not None
        reply = await self.rt.turns.answer(posted.turn.id)
        assert reply is not None
        async with self.rt.store.read() as unit:
            now = await unit.conversations.get(self.rt.tenant_id, conversation.id)
        assert now is not None
        return reply, now

    async def requests(self) -> list[ServiceRequest]:
        """All service requests."""
        async with self.rt.store.read() as unit:
            return await unit.requests.listed(self.rt.tenant_id)

    async def know(self, *articles: Article) -> None:
        """These are the articles now; waits until they answer."""
        async with self.rt.store.write() as unit:
            await unit.articles.replace_declared(self.rt.tenant_id, list(articles))
        await self.mind.knowledge.refresh()


OpenHouse = Callable[..., Coroutine[Any, Any, House]]


@pytest.fixture
async def gemini() -> AsyncIterator[GeminiServer]:
    """Gemini, as fast as it goes."""
    async with GeminiServer() as server:
        yield server


@pytest.fixture
async def ai_store(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store on a migrated SQLite file."""
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(sqlite_url), redis_url=None)
    opened = await open_store(settings, keys=Keyring((MasterKey.generate(),)), clock=SystemClock())
    yield opened
    await opened.close()


@pytest.fixture
async def open_house(ai_store: Store, gemini: GeminiServer, tmp_path: Path) -> AsyncIterator[OpenHouse]:
    """Open a property: `await open_house(tenant=house(...), key=True)`."""
    async with AsyncExitStack() as stack:

        async def opened(
            tenant: ConciergeTenant | None = None, *, key: bool = False, store: Store | None = None, **settings: Any
        ) -> House:
            return await stack.enter_async_context(
                _running(tenant or house(), store or ai_store, gemini, key=key, folder=tmp_path, **settings)
            )

        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines within a stream that a test can wait for."""
    monkeypatch.setattr(model_reply, "FIRST_PIECE_SECONDS", 0.4)
    monkeypatch.setattr(model_reply, "NEXT_PIECE_SECONDS", 0.4)


@asynccontextmanager
async def _running(
    tenant: ConciergeTenant, store: Store, gemini: GeminiServer, *, key: bool, folder: Path, **changes: Any
) -> AsyncIterator[House]:
    path = folder / f"{tenant.spec.property.code}.sock"
    settings = Settings(
        data_dir=folder,
        ai_url=f"unix:{path}",
        gemini_api_key=SecretStr(KEY) if key else None,
        gemini_base_url=gemini.url,
        redis_url=None,
        **changes,
    )
    client = AiClient(settings)
    rt = wired(settings, tenant, SystemClock(), store, LocalBroadcast(), client)
    async with store.write() as unit:
        declared = [article(slug, texts) for slug, texts in TEXTS.items()]
        await unit.articles.replace_declared(TenantId(tenant.spec.property.code), declared)
    app = create_app(rt)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=3))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        mind: Mind = app.state.mind
        async with asyncio.timeout(20):
            while not server.started or mind.knowledge.index is None or (key and not mind.models):
                await asyncio.sleep(0.01)
        async with rt.turns.running():
            yield House(rt, mind, gemini)
    finally:
        server.should_exit = True
        await serving
        await client.close()
