"""A hotel's chat server for the widget's tests: it speaks the guest protocol and does exactly what a test tells it to.

It serves the widget's real files the way the real server does (hashed, with a strict content security policy), keeps
conversations in memory, and can be told to answer slowly, to drop lines, to send things twice, or to refuse.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from concierge_chat.assets import STATIC, assets, by_path, filled
from concierge_chat.pages import json_for_html

PROPERTY: dict[str, Any] = {
    "name": "Strandhaus Rügen",
    "tagline": "A quiet house between beech forest and sea",
    "languages": ["en", "de", "fr", "es", "it", "ar"],
    "branding": {"primary_color": "#1f4e5f", "accent_color": "#9a6b2f"},
    "phone": "+49 38393 555 0",
    "email": "hallo@strandhaus.example",
    "website": "https://strandhaus.example",
    "address": {"street": "Strandpromenade 12", "city": "Binz", "postal_code": "18609", "country": "Germany"},
}
GREETINGS = {
    "en": "Good morning, and welcome to Strandhaus. How can I make your stay better?",
    "de": "Guten Morgen und willkommen im Strandhaus. Was kann ich für Sie tun?",
    "fr": "Bonjour et bienvenue au Strandhaus. Que puis-je faire pour vous ?",
    "es": "Buenos días y bienvenido al Strandhaus. ¿En qué puedo ayudarle?",
    "it": "Buongiorno e benvenuti allo Strandhaus. Come posso aiutarLa?",
    "ar": "صباح الخير وأهلًا بك في شتراندهاوس. كيف يمكنني مساعدتك؟",
}
QUICK = {
    "en": ["When is breakfast?", "Is there parking?", "Late check-out"],
    "de": ["Wann gibt es Frühstück?", "Gibt es Parkplätze?", "Später auschecken"],
    "ar": ["متى يُقدَّم الإفطار؟", "هل يوجد موقف سيارات؟", "المغادرة المتأخرة"],
}
TAGLINES = {"ar": "بيت هادئ بين غابة الزان والبحر", "de": "Ein stilles Haus zwischen Buchenwald und Meer"}
DISCLOSURE = {
    "en": "You are chatting with the AI concierge of Strandhaus Rügen. You can ask for a person at any time.",
    "de": "Sie schreiben mit dem KI-Concierge des Strandhaus Rügen. Auf Wunsch übernimmt jederzeit ein Mensch.",
    "ar": "أنت تتحدث مع المساعد الذكي في شتراندهاوس. يمكنك طلب التحدث إلى موظف في أي وقت.",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{hash}'; connect-src 'self'; "
    "img-src 'self' data:; require-trusted-types-for 'script'"
)
BREAKFAST = ["Breakfast is served from 7:00 to 10:30 in the garden room.", "On Sundays you may stay until 11:30."]
SOURCES = [{"title": "Breakfast", "updated_at": "2026-05-03T08:00:00.000Z"}]


@dataclass
class Thread:
    """One guest's conversation."""

    token: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    ownership: dict[str, Any] = field(default_factory=lambda: {"ownership": "concierge", "status": "open"})
    guest: dict[str, Any] = field(default_factory=dict)
    rating: int | None = None
    socket: WebSocket | None = None

    def store(self, **message: Any) -> dict[str, Any]:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stored = {"seq": len(self.messages) + 1, "at": at, "ai": message["author"] == "concierge", **message}
        self.messages.append(stored)
        return stored


class FakeHotel:
    """The server and what a test may do to it. Methods may be called from the test's thread."""

    def __init__(self) -> None:
        self.threads: dict[str, Thread] = {}
        self.received: list[dict[str, Any]] = []
        self.reply: list[str] = BREAKFAST
        self.pause = 0.01
        self.is_down = False
        self.is_deaf = False
        self.swallow_acks = False
        self.answers = True
        self.refusals: list[dict[str, Any]] = []
        self.fields = dict(PROPERTY)
        self.quick_replies: list[str] = []
        self.hellos = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.url = ""

    # --- for tests --------------------------------------------------------------------------------------------

    @property
    def thread(self) -> Thread:
        """The newest conversation, as soon as there is one."""
        newest: list[Thread] = self.wait_for(lambda: list(self.threads.values())[-1:])
        return newest[0]

    def frames(self, kind: str) -> list[dict[str, Any]]:
        """What guests have sent of this type."""
        return [frame for frame in self.received if frame["type"] == kind]

    def wait_for(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait until the condition holds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.02)
        raise AssertionError("it did not happen in time")

    def say(self, frame: dict[str, Any]) -> None:
        """Send one frame to the guest of the newest conversation."""
        self._run(self._send(self.thread, frame))

    def speak(self, author: str, text: str, **more: Any) -> None:
        """Store a message and tell the guest."""
        stored = self.thread.store(author=author, text=text, **more)
        if self.thread.socket:
            self.say({"type": "message", **stored})

    def own(self, **ownership: Any) -> None:
        """Change who answers."""
        self.thread.ownership = ownership
        self.say({"type": "ownership", **ownership})

    def drop(self) -> None:
        """Cut every line without a word."""
        for thread in self.threads.values():
            if thread.socket:
                self._run(self._cut(thread))

    def _run(self, work: Any) -> Any:
        assert self._loop
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    @staticmethod
    async def _cut(thread: Thread) -> None:
        socket, thread.socket = thread.socket, None
        if socket:
            try:
                await socket.close(1012)
            except RuntimeError:
                pass

    @staticmethod
    async def _send(thread: Thread, frame: dict[str, Any]) -> None:
        if thread.socket:
            try:
                await thread.socket.send_text(json.dumps(frame, ensure_ascii=False))
            except (RuntimeError, WebSocketDisconnect):
                thread.socket = None

    # --- the server -------------------------------------------------------------------------------------------

    def facts(self, language: str) -> dict[str, Any]:
        code = language[:2] if language[:2] in self.fields["languages"] else self.fields["languages"][0]
        return {
            **self.fields,
            "language": code,
            "tagline": TAGLINES.get(code, self.fields["tagline"]),
            "greeting": GREETINGS[code],
            "quick_replies": QUICK.get(code, QUICK["en"]),
            "ai_disclosure": DISCLOSURE.get(code, DISCLOSURE["en"]),
        }

    async def property(self, request: Request) -> Response:
        facts = self.facts(request.query_params.get("language", "en"))
        return JSONResponse(facts, headers={"Access-Control-Allow-Origin": "*"})

    async def page(self, request: Request) -> Response:
        facts = self.facts(request.query_params.get("lang", "en"))
        branding = facts["branding"]
        css = f":root{{--concierge-primary:{branding['primary_color']};--concierge-accent:{branding['accent_color']}}}"
        html = filled(
            "page.html",
            {
                "title": facts["name"],
                "lang": facts["language"],
                "dir": "rtl" if facts["language"] == "ar" else "ltr",
                "theme_css": css,
                "config_json": json_for_html(facts),
                "description": facts["tagline"],
                "no_script": "",
                "contact": "",
            },
        )
        digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY.format(hash=digest)})

    async def example(self, request: Request) -> Response:
        return HTMLResponse((STATIC / "example.html").read_text(encoding="utf-8"))

    async def loader(self, request: Request) -> Response:
        script = filled("widget.js", {"widget_src": assets()["concierge-chat.js"].path})
        return Response(script, media_type="text/javascript")

    async def asset(self, request: Request) -> Response:
        found = by_path().get(request.url.path)
        if not found:
            return Response(status_code=404)
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=31536000, immutable"}
        return Response(found.body, media_type=found.media_type, headers=headers)

    async def socket(self, socket: WebSocket) -> None:
        if self.is_down:
            await socket.close(1013)
            return
        await socket.accept()
        thread: Thread | None = None
        try:
            thread = await self._welcome(socket, json.loads(await socket.receive_text()))
            while True:
                await self._take(thread, json.loads(await socket.receive_text()))
        except (WebSocketDisconnect, RuntimeError):
            if thread and thread.socket is socket:
                thread.socket = None

    async def _welcome(self, socket: WebSocket, hello: dict[str, Any]) -> Thread:
        self.received.append(hello)
        self.hellos += 1
        thread = self.threads.get(hello.get("token", ""))
        if not thread:
            thread = Thread(f"token-{len(self.threads) + 1}")
            self.threads[thread.token] = thread
        thread.socket = socket
        welcome = {"type": "welcome", "token": thread.token, "conversation": f"c-{thread.token}"}
        state = {"last_seq": len(thread.messages), "guest": thread.guest, "rating": thread.rating, **thread.ownership}
        state["read"] = {"guest": 0, "staff": 0}
        await self._send(thread, {**welcome, **state, "language": hello.get("language", "en")})
        for message in thread.messages[hello.get("last_seq", 0) :]:
            await self._send(thread, {"type": "message", **message})
        return thread

    async def _take(self, thread: Thread, frame: dict[str, Any]) -> None:
        self.received.append(frame)
        if self.is_deaf:
            return
        match frame["type"]:
            case "ping":
                await self._send(thread, {"type": "pong"})
            case "message.send":
                await self._message(thread, frame)
            case "rate":
                thread.rating = frame["score"]
            case "guest.update":
                thread.guest = {"name": frame.get("name")}
            case "person.request":
                thread.ownership = {"ownership": "staff", "status": "waiting"}
                await self._send(thread, {"type": "ownership", **thread.ownership})

    async def _message(self, thread: Thread, frame: dict[str, Any]) -> None:
        if self.refusals:
            await self._send(thread, {"type": "error", "client_id": frame["client_id"], **self.refusals.pop(0)})
            return
        known = next((m for m in thread.messages if m.get("client_id") == frame["client_id"]), None)
        stored = known or thread.store(author="guest", text=frame["text"], client_id=frame["client_id"])
        if self.swallow_acks:
            await self._cut(thread)
            return
        ack = {"client_id": stored["client_id"], "seq": stored["seq"], "at": stored["at"], "duplicate": bool(known)}
        await self._send(thread, {"type": "ack", **ack})
        await self._send(thread, {"type": "message", **stored})
        if self.answers and not known and thread.ownership["ownership"] != "staff":
            asyncio.get_running_loop().create_task(self._answer(thread))

    async def _answer(self, thread: Thread) -> None:
        turn = f"turn-{len(thread.messages)}"
        await self._send(thread, {"type": "turn.started", "turn": turn})
        for index, sentence in enumerate(self.reply):
            await asyncio.sleep(self.pause)
            delta = {"turn": turn, "attempt": 1, "index": index, "text": sentence + " "}
            await self._send(thread, {"type": "reply.delta", **delta})
        await asyncio.sleep(self.pause)
        more = {"sources": SOURCES, "quick_replies": self.quick_replies, "rung": "embedded", "language": "en"}
        stored = thread.store(author="concierge", text=" ".join(self.reply), **more)
        await self._send(thread, {"type": "message", **stored})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/example", self.example),
                Route("/widget.js", self.loader),
                Route("/assets/{name}", self.asset),
                Route("/api/property", self.property),
                WebSocketRoute("/ws", self.socket),
            ]
        )

    @contextmanager
    def running(self) -> Iterator[FakeHotel]:
        """Serve on a free port, in a thread."""
        config = uvicorn.Config(
            self.app(), port=0, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        self.wait_for(lambda: server.started)
        self.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join(10)
