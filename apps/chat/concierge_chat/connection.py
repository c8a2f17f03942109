"""One guest's socket: a thin shell around `protocol` (frames) and `session` (rules) that reads, writes and waits.

Per socket there are two tasks: the reader (the task that the server runs us in), and a pump that turns events into
frames. A sentence of a reply goes from the broadcast to the socket without the database and without a further task.
Backlogs are bounded: events that a slow guest has not taken collapse into one look at the database (the broadcast's
doing), and a guest who takes nothing at all is sent away and finds everything again on return.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import structlog
from opentelemetry.trace import SpanKind
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from concierge_chat import frames, lookups
from concierge_chat.commands import Caller, carry_out, farewell, greet
from concierge_chat.desk import Desk
from concierge_chat.limits import Bucket, filled, wait_seconds
from concierge_chat.property_view import CLOSED_RETRY_SECONDS, closed_words
from concierge_chat.protocol import Hello, parse
from concierge_chat.refusing import explain
from concierge_chat.session import GuestSession, Lookup, ReadConversation, ReadMessages, ReadRequest, Step
from concierge_core.domain.conversation import Author, Conversation
from concierge_core.domain.events import Event, MessagePosted
from concierge_core.errors import ConciergeError, NotFound, Unavailable
from concierge_core.ports import Resync, Subscription
from concierge_core.telemetry import span
from concierge_core.use_cases.guest import Session

log = structlog.get_logger()
POLICY, INTERNAL, TRY_AGAIN = 1008, 1011, 1013
_FAREWELL_SECONDS = 1.0
_PATIENCE_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses between looks at a database that is away; the last one repeats."""
_PATIENCE_FRAMES = 100
"""So many frames in a row that came too fast (about ten seconds of them) are a flood."""
_NO_SPAN = nullcontext()
_GONE = (WebSocketDisconnect, WebSocketDisconnected)


class Leave(Exception):
    """This connection is over: close with this code, and let the guest come back after so many seconds."""

    def __init__(self, code: int, reason: str, retry_after_seconds: float) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class Connection:
    """An accepted socket. `serve` returns when it is over."""

    __slots__ = (
        "_address",
        "_caller",
        "_desk",
        "_frames",
        "_held_back",
        "_left",
        "_reader",
        "_session",
        "_socket",
        "_writing",
    )

    def __init__(self, socket: WebSocket, desk: Desk, address: str) -> None:
        self._socket = socket
        self._desk = desk
        self._address = address
        self._session = GuestSession()
        self._caller: Caller | None = None
        self._writing = asyncio.Lock()
        self._reader = asyncio.current_task()
        self._frames: Bucket | None = None
        self._held_back = 0
        self._left = False

    async def serve(self) -> None:
        """Greet the guest and converse until either side leaves."""
        try:
            with self._desk.presence.connected(self, self._address):
                await self._converse()
        except _GONE:
            pass
        except Leave as leave:
            await self.leave(leave.code, leave.reason, leave.retry_after_seconds)
        except ConciergeError as error:
            await self._refuse(error)
        except asyncio.CancelledError:
            # `leave` cancels a reader that can't be told otherwise; anybody else's wish to cancel is theirs.
            if not self._left:
                raise
        except Exception:
            # The outermost loop of a socket: the guest comes back at once, and we hear of it.
            log.exception("guest_socket_failed")
            await self.leave(INTERNAL, "restart", 2)

    async def leave(self, code: int, reason: str, retry_after_seconds: float) -> None:
        """Say `bye` and close; never raises. What is still unsent waits in the database."""
        if self._left:
            return
        self._left = True
        bye = {"type": "websocket.send", "text": frames.bye(reason, retry_after_seconds), "urgent": True}
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._socket.send(bye)
                await self._socket.close(code, reason)
        except _GONE:
            pass
        except TimeoutError:
            if self._reader is not None and self._reader is not asyncio.current_task():
                self._reader.cancel()

    async def _converse(self) -> None:
        if self._desk.suspended:
            await self._send((frames.error("closed", closed_words(self._desk.rt, self._language())),))
            raise Leave(TRY_AGAIN, "closed", CLOSED_RETRY_SECONDS)
        hello = await self._hello()
        met = await greet(self._desk, hello, self._address)
        rt = self._desk.rt
        self._caller = Caller.of(met, hello, self._address, rt.tenant.spec.property.languages)
        with self._desk.presence.session(met.guest.id):
            # Subscribe first, read then: whatever happens in between is seen twice rather than never.
            async with rt.broadcast.subscribe(rt.tenant_id, met.conversation.id) as news:
                await self._welcome(met, hello.last_seq or 0)
                await self._listen_and_tell(news)

    async def _hello(self) -> Hello:
        try:
            async with asyncio.timeout(self._desk.hello_timeout_seconds):
                while True:
                    command = parse(await self._receive())
                    if isinstance(command, Hello):
                        return command
                    await self._send(self._session.command(command).frames)
        except TimeoutError:
            await self._send((frames.error("not_hello", "hello did not come in time"),))
            raise Leave(POLICY, "not_hello", 1) from None

    async def _welcome(self, met: Session, last_seq: int) -> None:
        arrival = await lookups.arrival_at(self._desk.rt, met.conversation.id)
        step = self._session.welcome(
            arrival.conversation, met.guest, token=met.token, staff_name=arrival.staff_name, last_seq=last_seq
        )
        await self._send(step.frames)
        if isinstance(step.do, Lookup):
            # Without the patience of `_look_up`: nobody listens yet, and who arrives had better come back.
            await self._read(step.do)
        await self._send([frames.request(request) for request in arrival.requests])
        if arrival.open_turn is not None:
            await self._take(self._session.turn_started(arrival.open_turn))

    async def _listen_and_tell(self, news: Subscription) -> None:
        pump = asyncio.create_task(self._pump(news))
        try:
            await self._listen()
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            if self._caller is not None:
                await farewell(self._desk, self._caller, was_typing=self._session.is_typing)

    async def _listen(self) -> None:
        assert self._caller is not None
        while True:
            step = self._session.command(parse(await self._receive()))
            await self._send(step.frames)
            if step.do is not None and not isinstance(step.do, Lookup):
                await self._send(await carry_out(self._desk, self._caller, step.do))

    async def _pump(self, news: Subscription) -> None:
        try:
            async for event in news:
                with _delivery(event):
                    await self._take(self._session.event(event))
        except _GONE:
            pass
        except Leave as leave:
            await self.leave(leave.code, leave.reason, leave.retry_after_seconds)
        except ConciergeError as error:
            await self._refuse(error)
        except Exception:
            log.exception("guest_pump_failed")
            await self.leave(INTERNAL, "restart", 2)

    async def _take(self, step: Step) -> None:
        if step.frames:
            await self._send(step.frames)
        if isinstance(step.do, Lookup):
            await self._look_up(step.do)

    async def _look_up(self, lookup: Lookup) -> None:
        """Read and tell; while the database is away, wait for it: nothing new is stored meanwhile either."""
        attempt = 0
        while True:
            try:
                await self._read(lookup)
                return
            except Unavailable:
                await self._desk.rt.clock.sleep(_PATIENCE_SECONDS[min(attempt, len(_PATIENCE_SECONDS) - 1)])
                attempt += 1

    async def _read(self, lookup: Lookup) -> None:
        assert self._caller is not None
        if isinstance(lookup, ReadMessages):
            await self._catch_up()
        elif isinstance(lookup, ReadConversation):
            await self._send(self._session.conversation(*await self._conversation()))
        elif isinstance(lookup, ReadRequest):
            request = await lookups.request_of(self._desk.rt, lookup.request_id)
            await self._send((frames.request(request),) if request else ())
        else:
            conversation, staff_name = await self._conversation()
            if conversation.last_seq > self._session.last_seq:
                await self._catch_up()
            await self._send(self._session.conversation(conversation, staff_name))
            if lookup.turn_id is not None and not await lookups.turn_is_open(self._desk.rt, lookup.turn_id):
                await self._send(self._session.turn_ended(lookup.turn_id))

    async def _conversation(self) -> tuple[Conversation, str | None]:
        assert self._caller is not None
        return await lookups.conversation_now(self._desk.rt, self._caller.conversation_id)

    async def _catch_up(self) -> None:
        assert self._caller is not None
        while True:
            before = self._session.last_seq
            batch = await lookups.messages_after(self._desk.rt, self._caller.conversation_id, before)
            await self._send(self._session.messages(batch))
            if len(batch) < lookups.BATCH or self._session.last_seq == before:
                return

    async def _receive(self) -> str | bytes:
        now = time.monotonic()
        if (tokens := filled(self._frames, self._desk.frames, now)) >= 1:
            self._held_back = 0
        self._frames = Bucket(tokens - 1, now)
        if wait := wait_seconds(tokens, self._desk.frames):
            await self._hold_back(wait)
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        frame: str | bytes = message.get("text") or message.get("bytes") or ""
        return frame

    async def _hold_back(self, seconds: float) -> None:
        """Not reading is the one answer that costs a flood more than us; who goes on must leave."""
        self._held_back += 1
        if self._held_back > _PATIENCE_FRAMES:
            raise Leave(POLICY, "too_many", 30)
        await asyncio.sleep(seconds)
        if self._left:
            raise WebSocketDisconnect

    async def _send(self, texts: Sequence[str]) -> None:
        if not texts or self._left:
            return
        async with self._writing:
            for text in texts:
                await self._write(text)

    async def _write(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._desk.slow_after_seconds):
                await self._socket.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise Leave(TRY_AGAIN, "slow", 2) from None

    async def _refuse(self, error: ConciergeError) -> None:
        """The connection can't go on; say why, then goodbye."""
        refusal = explain(error, self._caller.language if self._caller else self._language())
        retry = refusal.retry_after_seconds or 1
        try:
            await self._send((frames.error(refusal.code, refusal.message, retry_after_seconds=retry),))
        except (*_GONE, Leave):
            pass
        await self.leave(POLICY if isinstance(error, NotFound) else TRY_AGAIN, refusal.code, retry)

    def _language(self) -> str:
        return self._desk.rt.tenant.spec.property.default_language


def _delivery(event: Event | Resync) -> AbstractContextManager[object]:
    """The last span of a message's trace: its reply on the way to the guest's socket."""
    if isinstance(event, MessagePosted) and event.traceparent and event.author == Author.CONCIERGE:
        return span("deliver_reply", traceparent=event.traceparent, kind=SpanKind.PRODUCER, concierge__seq=event.seq)
    return _NO_SPAN
