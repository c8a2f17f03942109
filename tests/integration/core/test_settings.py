"""Settings that staff override: kept over starts and changes of the YAML, and followed by every process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from concierge_chat.app import create_app
from concierge_core.domain.ids import StaffId
from concierge_core.domain.knowledge import Origin
from concierge_core.domain.people import Role, Staff
from concierge_core.errors import Conflict, InvalidInput
from concierge_core.open_runtime import open_runtime
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import migrate
from concierge_core.tenant.overrides import FRONT_DESK_HOURS, SettingView, value_hash
from concierge_core.use_cases.handoff import nobody_is_there
from concierge_core.use_cases.settings import drop_override, put_override, settings_of

Start = Callable[..., AbstractAsyncContextManager[Runtime]]
GREETING = "chat.greeting"
YAML = """\
apiVersion: concierge.hotel/v1alpha1
kind: ConciergeTenant
metadata: {{name: seaside}}
spec:
  property:
    code: seaside
    name: Hotel Seaside
    address: {{street: Pier 1, city: Cove, country: GB}}
    timezone: Europe/London
    languages: [en, de]
    phone: "{phone}"
  chat:
    greeting: {{en: "{greeting}"}}
    handoff: {{acceptWithinSeconds: {seconds}}}
"""
WATCH = """\
import asyncio
from concierge_core.open_runtime import open_runtime
from concierge_core.settings import Settings

async def main():
    async with open_runtime(Settings(), answers=False) as rt:
        told = None
        while True:
            now = rt.tenant.spec.chat.greeting["en"]
            if now != told:
                print("greeting:", told := now, flush=True)
            await asyncio.sleep(0.05)

asyncio.run(main())
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., Path]:
    """Write the property's YAML."""

    def write(*, greeting: str = "Good day", phone: str = "+44205550100", seconds: int = 120) -> Path:
        path = tmp_path / "seaside.yaml"
        path.write_text(YAML.format(greeting=greeting, phone=phone, seconds=seconds), encoding="utf-8")
        return path

    return write


@pytest.fixture
def start(database_settings: Settings, declare: Callable[..., Path]) -> Start:
    """Start a process of the property, as each app does."""
    path = declare()
    return lambda **changes: open_runtime(
        database_settings.model_copy(update={"tenant_file": path, "poll_interval_seconds": 0.5, **changes}),
        answers=False,
    )


@pytest.fixture
async def rt(start: Start) -> AsyncIterator[Runtime]:
    async with start() as runtime:
        yield runtime


@pytest.fixture
def mona() -> Staff:
    return Staff(StaffId("m" * 32), "mona@hotel.example", "Mona", Role.MANAGER, datetime.now(UTC))


async def view(rt: Runtime, key: str) -> SettingView:
    return next(s for s in await settings_of(rt) if s.key == key)


async def told(watcher: asyncio.subprocess.Process) -> str:
    """The next greeting that the watching process prints between its log lines."""
    assert watcher.stdout is not None
    async for line in watcher.stdout:
        if line.startswith(b"greeting: "):
            return line.decode().removeprefix("greeting: ").strip()
    raise AssertionError("the watching process ended")


async def within_two_seconds(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not holds():
            await asyncio.sleep(0.02)


async def test_an_override_survives_a_later_start_and_the_yamls_other_changes_are_applied(
    start: Start, declare: Callable[..., Path], mona: Staff
) -> None:
    async with start() as first:
        await put_override(first, key=GREETING, value={"en": "Ahoy"}, staff=mona)
        assert first.tenant.spec.chat.greeting == {"en": "Ahoy"}
        assert not (await view(first, GREETING)).declared_changed

    declare(phone="+44205550199", seconds=300)
    async with start() as later:
        assert later.tenant.spec.chat.greeting == {"en": "Ahoy"}
        assert later.tenant.spec.property.phone == "+44205550199"
        assert later.tenant.spec.chat.handoff.accept_within_seconds == 300
        assert later.declared.spec.chat.greeting == {"en": "Good day"}
        assert not (await view(later, GREETING)).declared_changed


async def test_hours_that_staff_set_decide_when_a_person_is_promised_whatever_the_yaml_says_of_hand_offs(
    start: Start, declare: Callable[..., Path], mona: Staff
) -> None:
    path = declare()
    never = path.read_text("utf-8").replace("handoff: {", "handoff: {hours: {daily: []}, ")
    path.write_text(never, encoding="utf-8")
    async with start() as rt:
        assert nobody_is_there(rt)

        await put_override(rt, key=FRONT_DESK_HOURS, value={"daily": ["00:00-24:00"]}, staff=mona)

        assert not nobody_is_there(rt)


async def test_a_yaml_change_under_an_override_is_flagged_and_dropping_it_applies_the_change(
    start: Start, declare: Callable[..., Path], mona: Staff
) -> None:
    async with start() as first:
        await put_override(first, key=GREETING, value={"en": "Ahoy"}, staff=mona)

    declare(greeting="Welcome by the sea")
    async with start() as later:
        seen = await view(later, GREETING)
        assert seen.declared_changed
        assert (seen.declared, seen.value, seen.origin) == (
            {"en": "Welcome by the sea"},
            {"en": "Ahoy"},
            Origin.STAFF,
        )
        assert not (await view(later, "property.phone")).declared_changed

        await drop_override(later, key=GREETING, staff=mona)
        assert later.tenant.spec.chat.greeting == {"en": "Welcome by the sea"}
        assert (await view(later, GREETING)).origin is Origin.DECLARED


async def test_a_refused_value_changes_nothing(rt: Runtime, mona: Staff) -> None:
    with pytest.raises(InvalidInput, match="international number"):
        await put_override(rt, key="property.phone", value="call us", staff=mona)
    with pytest.raises(InvalidInput):
        await put_override(rt, key="property.code", value="another", staff=mona)
    with pytest.raises(InvalidInput):
        await drop_override(rt, key=GREETING, staff=mona)

    assert rt.tenant is rt.declared
    async with rt.store.read() as unit:
        assert await unit.settings.overrides(rt.tenant_id) == {}
        assert await unit.audit.entries(rt.tenant_id) == []


async def test_who_changed_what_is_in_the_audit_and_nobody_overwrites_a_colleague_unseen(
    rt: Runtime, mona: Staff
) -> None:
    await put_override(rt, key=GREETING, value={"en": "Ahoy\x00"}, staff=mona, seen_override="")
    with pytest.raises(Conflict):
        await put_override(rt, key=GREETING, value={"en": "Hi"}, staff=mona, seen_override="")
    await put_override(rt, key=GREETING, value={"en": "Hi"}, staff=mona, seen_override=value_hash({"en": "Ahoy"}))
    await drop_override(rt, key=GREETING, staff=mona)

    async with rt.store.read() as unit:
        entries = await unit.audit.entries(rt.tenant_id)
        told = [e.kind for e in await unit.outbox.unpositioned(rt.tenant_id)]
    assert [(e["actor"], e["action"], e["subject"]) for e in reversed(entries)] == [
        (mona.id, "setting.overridden", GREETING),
        (mona.id, "setting.overridden", GREETING),
        (mona.id, "setting.dropped", GREETING),
    ]
    assert told == ["settings_changed"] * 3


@pytest.mark.parametrize("with_redis", [True, False], ids=["redis", "no redis"])
async def test_a_guest_of_another_process_sees_the_new_greeting_within_two_seconds(
    start: Start, mona: Staff, valkey_url: str, with_redis: bool
) -> None:
    redis = {"redis_url": SecretStr(valkey_url)} if with_redis else {}
    async with start(**redis) as desk, start(**redis) as guests:
        transport = httpx.ASGITransport(create_app(guests))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as browser:
            before = await browser.get("/api/property")
            page = (await browser.get("/")).text

            await put_override(desk, key=GREETING, value={"en": "Ahoy"}, staff=mona)
            await put_override(desk, key="property.phone", value="+44 20 5550 177", staff=mona)
            await within_two_seconds(lambda: guests.tenant.spec.property.phone == "+44205550177")
            after = await browser.get("/api/property")

            assert before.json()["greeting"] == "Good day"
            assert (after.json()["greeting"], after.json()["phone"]) == ("Ahoy", "+44205550177")
            assert after.headers["cache-control"] == "no-cache"
            assert "Good day" in page
            assert "Ahoy" in (await browser.get("/")).text


async def test_an_operating_system_process_of_its_own_sees_the_change(
    start: Start, database_settings: Settings, declare: Callable[..., Path], valkey_url: str, mona: Staff
) -> None:
    assert database_settings.database_url is not None
    environment = {
        "CONCIERGE_TENANT_FILE": str(declare()),
        "CONCIERGE_DATA_DIR": str(database_settings.data_dir),
        "DATABASE_URL": database_settings.database_url.get_secret_value(),
        "REDIS_URL": valkey_url,
    }
    async with start(redis_url=SecretStr(valkey_url)) as desk:
        watcher = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WATCH, env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert await asyncio.wait_for(told(watcher), 30) == "Good day"
            await put_override(desk, key=GREETING, value={"en": "Ahoy"}, staff=mona)
            assert await asyncio.wait_for(told(watcher), 2) == "Ahoy"
        finally:
            watcher.kill()
            await watcher.communicate()


async def test_a_database_that_is_away_at_the_start_is_asked_again_until_it_answers(
    tmp_path: Path, declare: Callable[..., Path]
) -> None:
    settings = Settings(
        tenant_file=declare(), data_dir=tmp_path, database_url=SecretStr(f"sqlite:///{tmp_path}/late.db")
    )
    async with open_runtime(settings, answers=False) as rt:
        assert rt.tenant.spec.chat.greeting == {"en": "Good day"}
        await asyncio.to_thread(migrate, settings)
        async with rt.store.write() as unit:
            await unit.settings.put(
                rt.tenant_id,
                GREETING,
                {"en": "Ahoy"},
                declared_hash="x",
                by=StaffId("m" * 32),
                now=rt.clock.now(),
            )
        await within_two_seconds(lambda: rt.tenant.spec.chat.greeting == {"en": "Ahoy"})
