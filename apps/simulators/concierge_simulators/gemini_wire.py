"""Requests and responses of Gemini's `generateContent` in their JSON form."""

from __future__ import annotations

import json
from typing import Any


def system_text(body: dict[str, Any]) -> str:
    """The system instruction."""
    return _text_of(body.get("systemInstruction") or {})


def last_guest_text(body: dict[str, Any]) -> str:
    """What the user said last."""
    said = (c for c in reversed(body.get("contents") or []) if c.get("role", "user") == "user" and _text_of(c))
    return _text_of(next(said, {}))


def tool_results(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Results of calls since the user last spoke, oldest first."""
    results: list[dict[str, Any]] = []
    for content in body.get("contents") or []:
        found = [p["functionResponse"] for p in content.get("parts") or [] if "functionResponse" in p]
        if _text_of(content) and not found and content.get("role", "user") == "user":
            results.clear()
        results.extend(found)
    return results


def offered_tools(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Declarations by name."""
    declared = [d for t in body.get("tools") or [] for d in t.get("functionDeclarations") or []]
    return {d["name"]: d for d in declared}


def text_chunk(text: str) -> dict[str, Any]:
    """A piece of the reply."""
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}]}


def call_chunk(calls: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Calls of tools."""
    parts = [{"functionCall": {"name": name, "args": arguments}} for name, arguments in calls]
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]}


def last_chunk(finish: str, *, prompt_tokens: int, output_tokens: int, model: str) -> dict[str, Any]:
    """The end: why it stopped and what it used."""
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": finish, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": prompt_tokens,
            "candidatesTokenCount": output_tokens,
            "totalTokenCount": prompt_tokens + output_tokens,
        },
        "modelVersion": model,
        "responseId": "simulated",
    }


def blocked_chunk(model: str) -> dict[str, Any]:
    """The prompt is refused for safety."""
    return {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 1},
        "modelVersion": model,
    }


def whole(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """The chunks of a stream as one response."""
    contents = [c["candidates"][0]["content"] for c in chunks if c.get("candidates")]
    parts = [p for content in contents for p in content["parts"] if p.get("text") != ""]
    joined = "".join(p["text"] for p in parts if "text" in p)
    merged = ([{"text": joined}] if joined else []) + [p for p in parts if "text" not in p]
    last = dict(chunks[-1])
    if last.get("candidates"):
        last["candidates"] = [{**last["candidates"][0], "content": {"role": "model", "parts": merged}}]
    return last


def error(status: int, name: str, message: str) -> bytes:
    """An error's body."""
    return json.dumps({"error": {"code": status, "message": message, "status": name}}).encode()


def sse(chunk: dict[str, Any]) -> bytes:
    """One event of the stream."""
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\r\n\r\n"


def _text_of(content: dict[str, Any]) -> str:
    return "".join(p.get("text", "") for p in content.get("parts") or [])
