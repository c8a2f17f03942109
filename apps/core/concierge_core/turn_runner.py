"""Runs turns as tasks of this process, keeps their leases, and takes over what a dead process left behind.

Nothing here waits for a broker: whoever stores a guest's message starts its turn. A sweep of the database finds turns
that nobody works on, and hand-offs that nobody accepted.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from concierge_core import metrics
from concierge_core.domain.conversation import Author, Message, Ownership
from concierge_core.domain.ids import ConversationId, TurnId
from concierge_core.domain.posting import next_to_claim
from concierge_core.domain.turns import Turn, TurnState, cancel, claim
from concierge_core.errors import ConciergeError, Unavailable
from concierge_core.ports import Unit
from concierge_core.relay import Relay
from concierge_core.runtime import Runtime
from concierge_core.use_cases.answer import NoLongerOurs, answer_turn
from concierge_core.use_cases.handoff import expire_handoff

log = structlog.get_logger()


class TurnRunner:
    """All turns that this process answers. `async with runner.running():` keeps its loops alive."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._relay = Relay(rt)
        self._tasks: dict[TurnId, asyncio.Task[None]] = {}
        self._held: dict[TurnId, Turn] = {}
        self._deeds: set[asyncio.Task[None]] = set()
        self._lease = timedelta(seconds=rt.settings.turn_lease_seconds)
        self._ending = False

    def wake_relay(self) -> None:
        """Something new is in the outbox."""
        self._relay.wake()

    def start(self, turn: Turn) -> None:
        """Answer the turn in the background: at once if it is already leased to us, else after claiming it.

        An earlier turn of the conversation that this one superseded is dropped.
        """
        if turn.id in self._tasks:
            return
        if turn.state is TurnState.RUNNING:
            self._drop_others(turn)
            self._held[turn.id] = turn
        if self._ending:
            return  # what was just given back must not be taken again by this very process
        task = asyncio.create_task(self._run(turn), name=f"turn-{turn.id}")
        self._tasks[turn.id] = task
        metrics.OPEN_TURNS.set(len(self._tasks))
        task.add_done_callback(lambda _: self._forget(turn.id))

    async def answer(self, turn_id: TurnId) -> Message | None:
        """Wait until the turn is over, whoever answers it; its reply, or None when there is none (handed over)."""
        while True:
            task = self._tasks.get(turn_id)
            if task is not None:
                await asyncio.wait([task])
            async with self._rt.store.read() as unit:
                turn = await unit.turns.get(self._rt.tenant_id, turn_id)
                if turn is None or not turn.state.is_open:
                    break
            await self._rt.clock.sleep(0.2)
        return await self._reply_of(turn) if turn else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the loops alive; at the end, give unfinished turns back so that another process takes them at once."""
        settings = self._rt.settings
        loops = [
            asyncio.create_task(self._relay.run()),
            asyncio.create_task(self._relay.run_sender()),
            asyncio.create_task(self._every(settings.sweep_interval_seconds, self.sweep)),
            asyncio.create_task(self._every(settings.turn_lease_seconds / 4, self.renew_leases)),
        ]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self.give_back()
            await self._relay.release()

    async def sweep(self) -> None:
        """Take over abandoned turns, and take hand-offs back that nobody accepted."""
        now = self._rt.clock.now()
        grace = timedelta(seconds=self._rt.settings.owed_grace_seconds)
        async with self._rt.store.read() as unit:
            abandoned = await unit.turns.abandoned(
                self._rt.tenant_id, now=now, owed_before=now - grace, lease_horizon=now + 2 * self._lease
            )
            expired = await unit.conversations.waiting_past(self._rt.tenant_id, now)
        for turn in abandoned:
            if turn.id not in self._tasks:
                self.start(self._as_owed(turn))
        for conversation_id in expired:
            await self._expire(conversation_id)

    async def _expire(self, conversation_id: ConversationId) -> None:
        try:
            owed = await expire_handoff(self._rt, conversation_id)
        except ConciergeError as error:
            # One conversation that can't be helped now must not keep the others waiting.
            log.warning("handoff_not_expired", conversation=conversation_id, error=type(error).__name__)
            return
        if owed is not None:
            self.start(owed)

    def in_background(self, deed: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for, in this process."""
        task = asyncio.create_task(deed)
        self._deeds.add(task)
        task.add_done_callback(self._deeds.discard)

    async def renew_leases(self) -> None:
        """Extend the leases of the turns at work, in one transaction; drop those that are no longer ours."""
        if not self._held:
            return
        until = self._rt.clock.now() + self._lease
        async with self._rt.store.write() as unit:
            lost = [t.id for t in list(self._held.values()) if not await self._renew(unit, t, until)]
        for turn_id in lost:
            self._drop(turn_id)

    async def _renew(self, unit: Unit, turn: Turn, until: datetime) -> bool:
        return await unit.turns.renew(
            self._rt.tenant_id, turn.id, attempt=turn.attempt, holder=self._rt.settings.holder, until=until
        )

    async def _run(self, turn: Turn) -> None:
        try:
            held = turn if turn.state is TurnState.RUNNING else await self._claim(turn)
            if held is None:
                return
            self._held[turn.id] = held
            await answer_turn(self._rt, held)
        except NoLongerOurs:
            metrics.TURNS.labels("superseded").inc()
        except ConciergeError as error:
            # The database went away under the turn: the sweep finds it again when its lease has lapsed.
            log.warning("turn_interrupted", turn=turn.id, error=type(error).__name__)
        except Exception:
            log.exception("turn_failed", turn=turn.id)
        finally:
            self._held.pop(turn.id, None)
        await self._start_next(turn.conversation_id)

    async def _claim(self, turn: Turn) -> Turn | None:
        """Lease the turn in the database; None when another has it, it is over, or an earlier one is still open."""
        tenant, now = self._rt.tenant_id, self._rt.clock.now()
        async with self._rt.store.write() as unit:
            conversation = await unit.conversations.lock(tenant, turn.conversation_id)
            open_turns = await unit.turns.open_of(tenant, turn.conversation_id)
            current = next((t for t in open_turns if t.id == turn.id), None)
            if current is None or conversation is None or not next_to_claim(open_turns, current):
                return None
            if conversation.ownership is not Ownership.CONCIERGE:
                await unit.turns.save(tenant, cancel(current, now))
                return None
            held = claim(current, self._rt.settings.holder, now, self._lease)
            if held is None:
                return None
            await unit.turns.save(tenant, held)
        if held.attempt > 1:
            metrics.TAKEOVERS.inc()
            log.info("turn_taken_over", turn=held.id, attempt=held.attempt)
        return held

    async def _start_next(self, conversation_id: ConversationId) -> None:
        try:
            async with self._rt.store.read() as unit:
                waiting = await unit.turns.open_of(self._rt.tenant_id, conversation_id)
        except Unavailable:
            return
        if waiting and waiting[0].state is TurnState.OWED:
            self.start(waiting[0])

    @staticmethod
    def _as_owed(turn: Turn) -> Turn:
        # Swept turns are claimed like owed ones, whatever process their row still names.
        return replace(turn, state=TurnState.OWED)

    async def _reply_of(self, turn: Turn) -> Message | None:
        async with self._rt.store.read() as unit:
            later = await unit.conversations.messages(
                self._rt.tenant_id, turn.conversation_id, after_seq=turn.last_seq, limit=20
            )
        return next((m for m in later if m.turn_id == turn.id and m.author is Author.CONCIERGE), None)

    async def give_back(self, *, patience_seconds: float = 2.0) -> None:
        """Give running turns a moment to end; the rest lapse at once instead of after their lease.

        From now on this process begins no turn; what is posted here meanwhile is given back with the rest.
        """
        self._ending = True
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=patience_seconds)
        held = list(self._held.values())
        cancelled = [*self._tasks.values(), *self._deeds]
        for task in cancelled:
            task.cancel()
        if cancelled:
            await asyncio.wait(cancelled, timeout=1.0)
        if not held:
            return
        try:
            async with self._rt.store.write() as unit:
                for turn in held:
                    await self._renew(unit, turn, self._rt.clock.now() - timedelta(seconds=1))
        except Unavailable:
            log.info("turns_left_to_lapse", count=len(held))

    async def _every(self, seconds: float, deed: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._rt.clock.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311  # spread, not secrecy
            try:
                await deed()
            except ConciergeError as error:
                log.warning("loop_waits", deed=deed.__name__, error=str(error))
            except Exception:
                log.exception("loop_failed", deed=deed.__name__)

    def _drop_others(self, turn: Turn) -> None:
        for other in list(self._held.values()):
            if other.conversation_id == turn.conversation_id and other.id != turn.id:
                self._drop(other.id)

    def _drop(self, turn_id: TurnId) -> None:
        if self._held.pop(turn_id, None) is None:
            return  # it has just ended by itself, and its task may be starting the next turn
        task = self._tasks.get(turn_id)
        if task is not None:
            task.cancel()

    def _forget(self, turn_id: TurnId) -> None:
        self._tasks.pop(turn_id, None)
        self._held.pop(turn_id, None)
        metrics.OPEN_TURNS.set(len(self._tasks))
