"""Gemini through LangChain: the only module that knows either. Imported only where a key is configured.

One client per model lives as long as the process. Retries and deadlines are ours (`ladder`), so the libraries' are off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import aiohttp
from google.genai import errors as genai_errors
from langchain.chat_models import init_chat_model
from langchain.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.exceptions import LangChainException
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_google_genai import ChatGoogleGenerativeAI
from langsmith import configure as configure_langsmith
from pydantic import SecretStr

from concierge_ai.model import Call, FaultKind, ModelError, Opening, Piece, ToolSpec

# Whatever LANGSMITH_* variables say: guest text is not sent to a third party.
configure_langsmith(enabled=False)

# Tools are carried out by us; the library would copy its whole configuration for the case that it should.
_WE_CALL: dict[str, Any] = {"automatic_function_calling": {"disable": True}}
_FINE = ("STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED")


class GeminiModel:
    """One Gemini model, with the tools it may call."""

    def __init__(
        self,
        name: str,
        *,
        key: SecretStr,
        base_url: str | None,
        temperature: float,
        tools: Sequence[ToolSpec],
        max_output_tokens: int = 800,
    ) -> None:
        self.name = name
        # Gemini 3 thinks before it speaks; a guest waits for the first sentence, not for the last doubt.
        effort: dict[str, Any] = (
            {"thinking_level": "low"} if name.removeprefix("models/").startswith("gemini-3") else {}
        )
        chat = init_chat_model(
            name,
            model_provider="google_genai",
            google_api_key=key,
            base_url=base_url,
            temperature=temperature,
            max_retries=1,
            max_output_tokens=max_output_tokens,
            vertexai=False,
            **effort,
        )
        assert isinstance(chat, ChatGoogleGenerativeAI)
        self._chat = chat
        self._bound: Any = chat.bind_tools([_declaration(t) for t in tools], **_WE_CALL) if tools else chat

    def open(self, opening: Opening) -> GeminiChat:
        """A new exchange with this model."""
        return GeminiChat(self._bound, opening)

    async def close(self) -> None:
        """Close the connections."""
        await self._chat.async_client._api_client.aclose()


class GeminiChat:
    """One exchange: what was said, and the tool calls in between, in the model's own form."""

    def __init__(self, bound: Any, opening: Opening) -> None:
        self._bound = bound
        self._messages: list[AnyMessage] = [SystemMessage(opening.system)]
        for author, text in opening.said:
            self._messages.append(HumanMessage(text) if author == "guest" else AIMessage(text))
        self._chunks: list[AIMessageChunk] = []

    async def stream(self) -> AsyncGenerator[Piece, None]:
        """The model's next contribution, piece by piece. Raises `ModelError`."""
        self._chunks = []
        try:
            async for chunk in self._bound.astream(self._messages):
                self._chunks.append(chunk)
                yield _piece(chunk)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            raise _model_error(error) from None

    def answer(self, call: Call, result: str) -> None:
        """Tell the model what a call brought."""
        if self._chunks:  # only who goes on needs the contribution as a whole: putting it together takes a while
            self._messages.append(_whole(self._chunks))
            self._chunks = []
        self._messages.append(ToolMessage(result, tool_call_id=call.id, name=call.name))


def _whole(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    return add_ai_message_chunks(chunks[0], *chunks[1:])


def _declaration(tool: ToolSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


def _piece(chunk: AIMessageChunk) -> Piece:
    usage = chunk.usage_metadata
    metadata = chunk.response_metadata
    finish = metadata.get("finish_reason")
    feedback = metadata.get("prompt_feedback") or {}
    if feedback.get("block_reason"):
        raise ModelError("blocked")
    if finish and finish not in _FINE:
        raise ModelError("blocked" if finish != "MALFORMED_FUNCTION_CALL" else "garbage")
    return Piece(
        text=str(chunk.text),
        calls=tuple(Call(id=c["id"] or c["name"], name=c["name"], arguments=c["args"]) for c in chunk.tool_calls),
        broken_calls=len(chunk.invalid_tool_calls),
        finish=finish,
        input_tokens=usage["input_tokens"] if usage else 0,
        output_tokens=usage["output_tokens"] if usage else 0,
    )


def _model_error(error: Exception) -> ModelError:
    """Ours for theirs; their texts may repeat the prompt, so only kind, status and Retry-After are kept."""
    if isinstance(error, ModelError):
        return error
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, genai_errors.APIError):
        cause = cause.__cause__
    if isinstance(cause, genai_errors.APIError):
        return _of_status(cause)
    if isinstance(error, aiohttp.ClientError | OSError | TimeoutError):
        return ModelError("connection")
    kind: FaultKind = "garbage" if isinstance(error, ValueError | LangChainException) else "unknown"
    return ModelError(kind, cause=type(error).__name__)


def _of_status(error: genai_errors.APIError) -> ModelError:
    if isinstance(error, genai_errors.UnknownApiResponseError):
        return ModelError("garbage")
    if error.code == 429:
        return ModelError("rate_limited", retry_after=_retry_after(error))
    if error.code >= 500:
        return ModelError("server", retry_after=_retry_after(error))
    return ModelError("refused")


def _retry_after(error: genai_errors.APIError) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    written = str(headers.get("retry-after") or headers.get("Retry-After") or "")
    return float(written) if written.replace(".", "", 1).isdigit() else None
