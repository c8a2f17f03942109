"""The AI app: `POST /v1/replies` streams a reply as NDJSON, `POST /v1/understanding` reads a text without answering it,
`POST /v1/knowledge/search` shows what would be found."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from concierge_ai import bands, models
from concierge_ai.knowledge import Knowledge
from concierge_ai.mind import Mind
from concierge_core import ai_wire, collector, http
from concierge_core.ai_wire import ReplyRequest, UnderstandingRequest, Understood
from concierge_core.errors import NotAllowed, NotFound
from concierge_core.mounted_knowledge import MountedKnowledge
from concierge_core.runtime import Runtime

log = structlog.get_logger()
NDJSON = "application/x-ndjson"


class SearchRequest(BaseModel):
    """A question to look up, as a guest would ask it."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=4000)
    language: str | None = Field(default=None, max_length=10)
    limit: int = Field(default=5, ge=1, le=20)


class FoundArticle(BaseModel):
    """An article that the question finds."""

    article_id: str
    slug: str
    language: str
    question: str
    answer: str
    score: float


class SearchAnswer(BaseModel):
    """What the concierge would go by. `band`: answer, ask (asks back) or unknown."""

    confidence: float
    band: str
    found: list[FoundArticle]


class AiRouter(APIRouter):
    """The app's routes. `running` keeps knowledge fresh and models warm; a server without it still answers."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(prefix="/v1", dependencies=[Depends(_authorised(runtime))])
        self.runtime = runtime
        self.knowledge = Knowledge(runtime.store, runtime.tenant, runtime.clock)
        self.mind = Mind(runtime, self.knowledge)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Build the index, watch for edits, and open the models beside it."""
        tasks = [asyncio.create_task(self.knowledge.watch()), asyncio.create_task(self._open_models())]
        mounted = self.runtime.settings.knowledge_dir
        if mounted is not None:
            tasks.append(asyncio.create_task(MountedKnowledge(self.runtime, mounted).keep()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.mind.budget.settle()
            for model in self.mind.models:
                await model.close()

    async def _open_models(self) -> None:
        secret = models.key(self.runtime)
        if secret is None:
            log.info("answering_without_model", provider=self.runtime.tenant.spec.ai.provider)
            return
        try:
            self.mind.use(await asyncio.to_thread(models.open_models, self.runtime, secret))
            collector.set_aside()
        except Exception as error:  # a missing library, a model name that is refused: guests are answered all the same
            log.error("models_not_opened", error=type(error).__name__)


def router(runtime: Runtime) -> AiRouter:
    """The AI app's routes; keep `router.running()` entered while they are served."""
    routes = AiRouter(runtime)

    @routes.post("/replies", response_class=StreamingResponse)
    async def replies(request: ReplyRequest) -> StreamingResponse:
        """The reply to a turn, one event a line (see `concierge_core.ai_wire`)."""
        _ours(runtime, request.tenant)
        return StreamingResponse(_lines(routes.mind, request), media_type=NDJSON, headers={"cache-control": "no-store"})

    @routes.post("/understanding")
    async def understanding(request: UnderstandingRequest) -> Understood:
        """Intent, mood, language and urgency of a text that is not ours to answer: no search, no model, no tool."""
        _ours(runtime, request.tenant)
        return routes.mind.understand(request.text, request.language)

    @routes.post("/knowledge/search")
    async def search(request: SearchRequest) -> SearchAnswer:
        """What a guest's question would find, for staff who try their articles."""
        language = runtime.tenant.spec.property.supported(request.language)
        return await _searched(routes.knowledge, runtime, request, language)

    return routes


def create_app(runtime: Runtime) -> FastAPI:
    """The AI app alone in its process or on its socket."""
    routes = router(runtime)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with routes.running():
            yield

    app = FastAPI(title="Concierge AI", version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.include_router(routes)
    app.state.mind = routes.mind
    return http.dress(app, runtime, name="ai", internal=True)


def _ours(runtime: Runtime, tenant: str) -> None:
    if tenant != runtime.tenant_id:
        raise NotFound("this app serves another property")


async def _lines(mind: Mind, request: ReplyRequest) -> AsyncGenerator[bytes, None]:
    """One line per event, each sent as it comes. A caller that leaves ends the reply, and the model's stream too."""
    async with aclosing(mind.reply(request)) as events:
        async for event in events:
            yield ai_wire.encode(event)


async def _searched(knowledge: Knowledge, runtime: Runtime, request: SearchRequest, language: str) -> SearchAnswer:
    found = await knowledge.search(request.text, language, limit=request.limit)
    confidence = bands.told(found.confidence)
    ask_from = runtime.tenant.spec.ai.escalation.min_confidence
    return SearchAnswer(
        confidence=round(confidence, 3),
        band=bands.band(confidence, ask_from=ask_from).value,
        found=[
            FoundArticle(
                article_id=hit.translated.article_id,
                slug=hit.translated.slug,
                language=hit.translated.language,
                question=hit.translated.question,
                answer=hit.translated.answer,
                score=round(hit.score, 3),
            )
            for hit in found.hits
        ],
    )


def _authorised(runtime: Runtime) -> Callable[..., Awaitable[None]]:
    expected = runtime.settings.internal_token

    async def check(authorization: Annotated[str | None, Header()] = None) -> None:
        if expected is None:
            return
        given = (authorization or "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), expected.get_secret_value().encode()):
            raise NotAllowed("the internal token is missing or wrong")

    return check
