"""The dashboard of a property on a real SQLite database, spoken to as a browser speaks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from concierge_admin import passwords
from concierge_admin.app import create_app
from concierge_core.broadcast import LocalBroadcast
from concierge_core.domain.ids import ArticleId, StaffId, new_id
from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.domain.people import Role, Staff
from concierge_core.keys import Keyring
from concierge_core.open_runtime import wired
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import open_store
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.testing import FrozenClock, ScriptedConcierge

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"
PASSWORD = "a password of some length"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 3, 3, 12, tzinfo=UTC))


@pytest.fixture
async def make_runtime(
    tmp_path: Path, sqlite_url: str, keys: Keyring, clock: FrozenClock
) -> AsyncIterator[Callable[..., Awaitable[Runtime]]]:
    """A property's runtime; several share one database."""
    stores = []

    async def make(*, code: str | None = None, redis: Redis | None = None, **settings: Any) -> Runtime:
        chosen = Settings(data_dir=tmp_path, database_url=SecretStr(sqlite_url), **settings)
        tenant = load_tenant_files([MANIFEST])[0].tenant
        if code:
            facts = tenant.spec.property.model_copy(update={"code": code})
            tenant = tenant.model_copy(update={"spec": tenant.spec.model_copy(update={"property": facts})})
        store = await open_store(chosen, keys=keys, clock=clock)
        stores.append(store)
        return wired(chosen, tenant, clock, store, LocalBroadcast(), ScriptedConcierge(), redis)

    yield make
    for store in stores:
        await store.close()


@pytest.fixture
async def rt(make_runtime: Callable[..., Awaitable[Runtime]]) -> Runtime:
    return await make_runtime()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords._HASHER.hash(PASSWORD)


@pytest.fixture
def hire(rt: Runtime, password_hash: str) -> Callable[..., Awaitable[Staff]]:
    """A new member of staff."""

    async def hire(name: str, role: Role = Role.AGENT, **changes: Any) -> Staff:
        email = f"{name.lower()}@hotel.example"
        staff = Staff(StaffId(new_id(rt.clock.now())), email, name, role, rt.clock.now(), password_hash)
        staff = replace(staff, **changes)
        async with rt.store.write() as unit:
            await unit.staff.add(rt.tenant_id, staff)
        return staff

    return hire


@dataclass
class Browser:
    """A client that keeps cookies, says where its requests come from, and fills in forms."""

    http: httpx.AsyncClient

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def post(self, path: str, fields: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Send a form with the token of the last page."""
        token = options.pop("token", None) or await self.token()
        return await self.http.post(path, data={"csrf_token": token, **(fields or {})}, **options)

    async def token(self) -> str:
        page = await self.http.get("/admin/account")
        if page.status_code != 200:
            page = await self.http.get("/admin/login")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found
        return found.group(1)

    async def sign_in(self, email: str, password: str = PASSWORD, **fields: Any) -> httpx.Response:
        return await self.post("/admin/login", {"email": email, "password": password, **fields})


@pytest.fixture
async def open_browser(rt: Runtime) -> AsyncIterator[Callable[..., Browser]]:
    clients: list[httpx.AsyncClient] = []
    app = create_app(rt)

    def open_browser(address: str = "10.0.0.1", app: Any = app) -> Browser:
        transport = httpx.ASGITransport(app, client=(address, 5000))
        headers = {"origin": "http://localhost:8080"}
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers))
        return Browser(clients[-1])

    yield open_browser
    for client in clients:
        await client.aclose()


@pytest.fixture
async def signed_in(
    open_browser: Callable[..., Browser], hire: Callable[..., Awaitable[Staff]]
) -> Callable[..., Awaitable[Browser]]:
    """A browser in which somebody of this role has signed in."""

    async def sign_in(name: str = "Anna", role: Role = Role.AGENT) -> Browser:
        staff = await hire(name, role)
        browser = open_browser()
        answer = await browser.sign_in(staff.email)
        assert answer.status_code == 303
        return browser

    return sign_in


def declared(slug: str, question: str, answer: str, *, mark: str = "1") -> Article:
    """An article from the property's file."""
    return Article(
        id=ArticleId(new_id(datetime.now(UTC))),
        slug=slug,
        origin=Origin.DECLARED,
        texts={"en": ArticleText(question, answer)},
        content_hash=f"{slug}-{mark}",
        updated_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        topic="house",
    )


@pytest.fixture
def declare(rt: Runtime) -> Callable[..., Awaitable[None]]:
    """Make these the declared articles."""

    async def declare(*articles: Article) -> None:
        async with rt.store.write() as unit:
            await unit.articles.replace_declared(rt.tenant_id, articles)

    return declare


@pytest.fixture
def article() -> Callable[..., Article]:
    return declared
