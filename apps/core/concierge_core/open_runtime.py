"""The composition root of every process: settings in, one wired property out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from concierge_core.ai_client import AiClient
from concierge_core.broadcast import LocalBroadcast, RedisBroadcast
from concierge_core.clock import SystemClock
from concierge_core.closed_store import ClosedStore
from concierge_core.domain.ids import TenantId
from concierge_core.errors import TenantFileError
from concierge_core.keys import Keyring
from concierge_core.ports import Broadcast, Clock, Concierge, Store
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import open_store
from concierge_core.tenant.loader import LoadedTenant, load_tenant_files
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.tenant.own_settings import complete
from concierge_core.turn_runner import TurnRunner
from concierge_core.use_cases.settings import following_settings


def load_tenant(settings: Settings) -> LoadedTenant:
    """The one property of this process; `settings` are completed by what its YAML says about its processes.

    Raises `TenantFileError`.
    """
    if settings.tenant_file is None:
        raise TenantFileError("CONCIERGE_TENANT_FILE is not set: name the property's ConciergeTenant YAML")
    loaded = load_tenant_files([settings.tenant_file])
    if len(loaded) != 1:
        raise TenantFileError(f"{settings.tenant_file} holds {len(loaded)} properties: a process serves exactly one")
    complete(settings, loaded[0].tenant.spec)
    return loaded[0]


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, answers: bool = True, loaded: LoadedTenant | None = None
) -> AsyncIterator[Runtime]:
    """Everything open for as long as the block lasts.

    `answers`: this process answers guests, so it also sweeps for abandoned turns and relays the outbox; workers and
    one-off commands pass False. `loaded`: the property, when it was loaded already.
    """
    tenant = (loaded or load_tenant(settings)).tenant
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        store = await open_store(settings, keys=Keyring.from_settings(settings), clock=clock)
        stack.push_async_callback(store.close)
        redis = _redis(settings)
        if redis is not None:
            stack.push_async_callback(redis.aclose)
        broadcast = _broadcast(settings, redis, TenantId(tenant.spec.property.code))
        stack.push_async_callback(broadcast.close)
        concierge = AiClient(settings)
        stack.push_async_callback(concierge.close)
        rt = wired(settings, tenant, clock, store, broadcast, concierge, redis)
        await stack.enter_async_context(following_settings(rt))
        if answers:
            await stack.enter_async_context(rt.turns.running())
        yield rt


@asynccontextmanager
async def closed_runtime(settings: Settings, *, loaded: LoadedTenant) -> AsyncIterator[Runtime]:
    """A house that is closed for the season, whatever its YAML says: it has words for guests, and nothing else."""
    spec = loaded.tenant.spec
    closed = spec.model_copy(update={"suspend": spec.suspend.model_copy(update={"active": True})})
    tenant = loaded.tenant.model_copy(update={"spec": closed})
    async with AsyncExitStack() as stack:
        broadcast, concierge = LocalBroadcast(), AiClient(settings)
        stack.push_async_callback(broadcast.close)
        stack.push_async_callback(concierge.close)
        yield wired(settings, tenant, SystemClock(), ClosedStore(), broadcast, concierge)


def wired(
    settings: Settings,
    tenant: ConciergeTenant,
    clock: Clock,
    store: Store,
    broadcast: Broadcast,
    concierge: Concierge,
    redis: Redis | None = None,
) -> Runtime:
    """A runtime of these parts. It sweeps and relays while `rt.turns.running()` lasts."""
    rt = Runtime(settings, tenant, clock, store, broadcast, concierge, redis)
    rt.turns = TurnRunner(rt)
    return rt


def _redis(settings: Settings) -> Redis | None:
    if settings.redis_url is None:
        return None
    # A guest never waits for Redis: short time-outs, no retries, every caller has a fallback.
    client: Redis = Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    return client


def _broadcast(settings: Settings, redis: Redis | None, tenant: TenantId) -> Broadcast:
    if redis is None:
        return LocalBroadcast()
    broadcast = RedisBroadcast(redis, tenant, poll_interval_seconds=settings.poll_interval_seconds)
    broadcast.start()
    return broadcast
