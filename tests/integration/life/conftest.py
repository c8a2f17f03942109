"""A property on a real database with a scripted concierge, and a clock in our hands where time matters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.domain.conversation import Conversation, Message
from concierge_core.domain.ids import ConversationId, StaffId, TenantId
from concierge_core.domain.people import Role, Staff
from concierge_core.open_runtime import wired
from concierge_core.ports import Clock, Store
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.testing import ScriptedConcierge
from concierge_core.use_cases.guest import Session, start_session

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


@pytest.fixture
def concierge() -> ScriptedConcierge:
    return ScriptedConcierge()


@pytest.fixture
def make_runtime(store: Store, concierge: ScriptedConcierge) -> Callable[..., Runtime]:
    """A process of the property; several on one store are several processes."""

    def make(*, clock: Clock | None = None, code: str | None = None, **settings: float) -> Runtime:
        tenant = load_tenant_files([MANIFEST])[0].tenant
        if code:
            facts = tenant.spec.property.model_copy(update={"code": code})
            tenant = tenant.model_copy(update={"spec": tenant.spec.model_copy(update={"property": facts})})
        return wired(
            settings=Settings(**settings),
            tenant=tenant,
            clock=clock or SystemClock(),
            store=store,
            broadcast=LocalBroadcast(),
            concierge=concierge,
        )

    return make


@pytest.fixture
async def rt(make_runtime: Callable[..., Runtime]) -> AsyncIterator[Runtime]:
    runtime = make_runtime()
    async with runtime.turns.running():
        yield runtime


@pytest.fixture
async def session(rt: Runtime) -> Session:
    return await start_session(rt)


@pytest.fixture
async def anna(rt: Runtime) -> Staff:
    staff = Staff(StaffId("a" * 32), "anna@hotel.example", "Anna", Role.AGENT, rt.clock.now())
    async with rt.store.write() as unit:
        await unit.staff.add(rt.tenant_id, staff)
    return staff


@pytest.fixture
async def ben(rt: Runtime) -> Staff:
    staff = Staff(StaffId("b" * 32), "ben@hotel.example", "Ben", Role.AGENT, rt.clock.now())
    async with rt.store.write() as unit:
        await unit.staff.add(rt.tenant_id, staff)
    return staff


@pytest.fixture
def transcript(rt: Runtime) -> Callable[[ConversationId], Awaitable[list[Message]]]:
    """All messages of a conversation, in order."""

    async def read(conversation_id: ConversationId) -> list[Message]:
        async with rt.store.read() as unit:
            return await unit.conversations.messages(rt.tenant_id, conversation_id)

    return read


@pytest.fixture
def reread(rt: Runtime) -> Callable[[Conversation], Awaitable[Conversation]]:
    """The conversation as it stands now."""

    async def read(conversation: Conversation) -> Conversation:
        async with rt.store.read() as unit:
            now = await unit.conversations.get(TenantId(rt.tenant_id), conversation.id)
        assert now is not None
        return now

    return read
