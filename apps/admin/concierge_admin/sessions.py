"""Staff sessions, kept on the server: the browser holds a random name for one and nothing else.

The database is the truth. Redis, where there is one, keeps a copy for a few minutes so that most requests ask only it;
while Redis is away every request reads the database. Signing out leaves a mark in the copy's place, so that a request
on its way at that moment cannot put it back; a copy that could not be marked is found out within a minute, by `touch`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from redis.exceptions import RedisError

from concierge_admin import csrf, passwords
from concierge_core.domain.ids import StaffId
from concierge_core.domain.people import Staff
from concierge_core.runtime import Runtime

log = structlog.get_logger()

IDLE = timedelta(hours=2)
_TOUCH_EVERY = timedelta(minutes=1)
_COPY_SECONDS = 300
_ENDED = "ended"
_RENEW_UNLESS_ENDED = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One browser of one member of staff. Times are seconds since 1970; `password_mark` ties it to the password."""

    staff_id: StaffId
    csrf_token: str
    began: float
    seen: float
    ends: float
    password_mark: str

    def expires_at(self) -> datetime:
        """The earlier of idle and absolute expiry (`ends`: a shift's length after signing in, however busy it was)."""
        idle = datetime.fromtimestamp(self.seen, UTC) + IDLE
        return min(idle, datetime.fromtimestamp(self.ends, UTC))


class Sessions:
    """Open, find, touch and end sessions of one property."""

    def __init__(self, runtime: Runtime) -> None:
        self._rt = runtime

    async def open(self, staff: Staff) -> tuple[str, StaffSession]:
        """A new session under a new random token (a token that came with the request is never reused)."""
        now = self._rt.clock.now().timestamp()
        ends = now + self._rt.tenant.spec.admin.session_hours * 3600
        session = StaffSession(staff.id, csrf.new_token(), now, now, ends, passwords.mark(staff.password_hash))
        token = secrets.token_urlsafe(32)
        data = asdict(session)
        async with self._rt.store.write() as unit:
            await unit.staff.put_session(self._rt.tenant_id, token, data, session.expires_at())
        await self._add_copy(token, data)
        return token, session

    async def find(self, token: str) -> StaffSession | None:
        """The session of a token, unless it has expired."""
        data = await self._copy(token)
        if data is None:
            async with self._rt.store.read() as unit:
                data = await unit.staff.session(self._rt.tenant_id, token, self._rt.clock.now())
            if data is not None:
                await self._add_copy(token, data)
        session = _parsed(data)
        return session if session and session.expires_at() > self._rt.clock.now() else None

    async def touch(self, token: str, session: StaffSession) -> bool:
        """Note that the person is still there; written at most once a minute. False: they have signed out meanwhile."""
        now = self._rt.clock.now().timestamp()
        if now - session.seen < _TOUCH_EVERY.total_seconds():
            return True
        seen = replace(session, seen=now)
        async with self._rt.store.write() as unit:
            lives = await unit.staff.touch_session(self._rt.tenant_id, token, asdict(seen), seen.expires_at())
        if lives:
            await self._renew_copy(token, asdict(seen))
        else:
            await self._end_copy(token)
        return lives

    async def end(self, token: str) -> None:
        """Sign out: the token names nothing any more."""
        async with self._rt.store.write() as unit:
            await unit.staff.drop_session(self._rt.tenant_id, token)
        await self._end_copy(token)

    def _key(self, token: str) -> str:
        # The hash, so that reading Redis gives nobody a session.
        return f"concierge:{self._rt.tenant_id}:staff-session:{hashlib.sha256(token.encode()).hexdigest()}"

    async def _copy(self, token: str) -> dict[str, Any] | None:
        if self._rt.redis is None:
            return None
        try:
            stored = await self._rt.redis.get(self._key(token))
        except (RedisError, OSError):
            return None
        # One that ended is looked up in the database, which knows best.
        return json.loads(stored) if stored and _text(stored) != _ENDED else None

    async def _add_copy(self, token: str, data: dict[str, Any]) -> None:
        if self._rt.redis is None:
            return
        try:
            await self._rt.redis.set(self._key(token), json.dumps(data), ex=_COPY_SECONDS, nx=True)
        except (RedisError, OSError):
            log.info("session_copy_skipped")

    async def _renew_copy(self, token: str, data: dict[str, Any]) -> None:
        if self._rt.redis is None:
            return
        values = (self._key(token), _ENDED, json.dumps(data), str(_COPY_SECONDS))
        try:
            await self._rt.redis.eval(_RENEW_UNLESS_ENDED, 1, *values)  # type: ignore[misc]  # sync and async share it
        except (RedisError, OSError):
            log.info("session_copy_skipped")

    async def _end_copy(self, token: str) -> None:
        if self._rt.redis is None:
            return
        try:
            await self._rt.redis.set(self._key(token), _ENDED, ex=_COPY_SECONDS)
        except (RedisError, OSError):
            log.warning("session_copy_left", seconds=_TOUCH_EVERY.total_seconds())


def _text(stored: bytes | str) -> str:
    return stored if isinstance(stored, str) else stored.decode()


def _parsed(data: dict[str, Any] | None) -> StaffSession | None:
    try:
        return StaffSession(**data) if data else None
    except TypeError:
        # Written by another version of this app: that person signs in again.
        return None
