"""The simulator's own sense: it answers from the passages in the prompt, as a well-behaved model would."""

from __future__ import annotations

import re
from typing import Any

from concierge_simulators import gemini_wire as wire

_PASSAGE = re.compile(r'<passage id="(?P<id>\d+)"[^>]*>\n(?P<question>.*?)\n(?P<answer>.*?)\n</passage>', re.DOTALL)
_WANTS_SOMETHING = re.compile(
    r"\b(?:bring|send|need|call me|wake|bitte|brauche|apporte\w*|besoin|traiga\w*|necesito|bisogno)\b|أحتاج|اريد",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"towel|handt|serviette|toalla|asciugaman|pillow|kissen|taxi|wake|weck|soap|shampoo|blanket|decke|مناشف|منشفة",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:human|person|mensch\w*|personne|persona)\b", re.IGNORECASE)

Said = tuple[str, list[tuple[str, dict[str, Any]]]]


def answer(body: dict[str, Any]) -> Said:
    """Text and tool calls for a request."""
    asked, tools = wire.last_guest_text(body), wire.offered_tools(body)
    results = wire.tool_results(body)
    if results:
        return _after_tool(results[-1]), []
    if "hand_off" in tools and _PERSON.search(asked):
        return "", [("hand_off", {"reason": "guest wants a person"})]
    if "service_request" in tools and _WANTS_SOMETHING.search(asked) and _OBJECT.search(asked):
        return "", [("service_request", {"kind": _kind(asked), "summary": asked[:200]})]
    return _from_passages(asked, wire.system_text(body)), []


def _after_tool(result: dict[str, Any]) -> str:
    response = str(result.get("response"))
    if "true" in response.lower():
        number = re.search(r"\"?number\"?'?: (\d+)", response)
        return f"I have passed this on to our team as request {number[1]}." if number else "I have passed this on."
    return "I'm sorry, I can't arrange that myself, but I can ask a colleague."


def _from_passages(asked: str, system: str) -> str:
    best = max(_PASSAGE.finditer(system), key=lambda m: _fit(asked, m), default=None)
    if best is None or _fit(asked, best) == 0:
        return "I'm afraid I don't have that information. Shall I ask a colleague?"
    return best["answer"]


def _fit(asked: str, passage: re.Match[str]) -> float:
    words = _words(asked)
    question, told = _words(passage["question"]), _words(passage["answer"])
    return sum(2.0 for w in words if w in question) + sum(1.0 for w in words if w in told) - 0.01 * int(passage["id"])


def _words(text: str) -> set[str]:
    return {w[:5] for w in re.findall(r"\w{4,}", text.lower())}


def _kind(asked: str) -> str:
    lowered = asked.lower()
    kinds = {"taxi": "taxi", "wake": "wake_up", "weck": "wake_up", "pillow": "bedding", "kissen": "bedding"}
    return next((kind for word, kind in kinds.items() if word in lowered), "towels")
