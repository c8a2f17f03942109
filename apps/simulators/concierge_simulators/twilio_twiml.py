"""The part of TwiML that the simulated Twilio understands; anything else fails the call. Pure.

Twilio ignores or rejects what it does not know, on a live call; here it is an error that names verb and attribute.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field


class BadTwiml(Exception):
    """Twilio would not do what this document asks for."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One instruction. `text` is what Say speaks or where Redirect leads; `inside` are the verbs within a Gather."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    inside: tuple[Verb, ...] = ()


_LONGEST_SAY = 4096
_LONGEST_DOCUMENT = 64 * 1024
_NUMBER = r"\d{1,4}"
_BOOLEAN = r"true|false"
_LOCALE = r"[a-z]{2,3}(-[A-Za-z]{2,4})?(-[A-Z]{2})?"
_METHOD = r"GET|POST"
_ALLOWED: dict[str, dict[str, str]] = {
    "Say": {"voice": r"[A-Za-z][A-Za-z0-9.\-]+", "language": _LOCALE, "loop": _NUMBER},
    "Gather": {
        "input": r"(speech|dtmf)( (speech|dtmf))?",
        "action": r"\S+",
        "method": _METHOD,
        "numDigits": r"[1-9]\d?",
        "timeout": _NUMBER,
        "speechTimeout": rf"auto|{_NUMBER}",
        "actionOnEmptyResult": _BOOLEAN,
        "finishOnKey": r"[0-9#*]?",
        "language": _LOCALE,
        "hints": r".{1,1000}",
        "bargeIn": _BOOLEAN,
        "profanityFilter": _BOOLEAN,
        "speechModel": r"\S+",
        "enhanced": _BOOLEAN,
    },
    "Redirect": {"method": _METHOD},
    "Pause": {"length": _NUMBER},
    "Hangup": {},
}
_WITHIN_GATHER = ("Say", "Pause")


def parse(document: bytes) -> list[Verb]:
    """The verbs of the document, in order. Raises `BadTwiml`."""
    if len(document) > _LONGEST_DOCUMENT:
        raise BadTwiml("the document is larger than 64 KB")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise BadTwiml("a document type has no place in TwiML")
    try:
        root = ET.fromstring(document)  # noqa: S314  # our own answers, document types refused above
    except ET.ParseError as error:
        raise BadTwiml(f"not XML: {error}") from None
    if root.tag != "Response" or root.attrib:
        raise BadTwiml(f"<Response> expected, got <{root.tag}>")
    verbs = [_verb(child) for child in root]
    _refuse_unreachable(verbs)
    return verbs


def _verb(element: ET.Element, *, within: str | None = None) -> Verb:
    name = element.tag
    if name not in _ALLOWED or (within and name not in _WITHIN_GATHER):
        raise BadTwiml(f"<{name}> is not understood{f' within <{within}>' if within else ''}")
    for attribute, value in element.attrib.items():
        pattern = _ALLOWED[name].get(attribute)
        if pattern is None:
            raise BadTwiml(f'<{name} {attribute}="…"> is not understood')
        if not re.fullmatch(pattern, value, re.DOTALL):
            raise BadTwiml(f'<{name} {attribute}="{value}"> is not a value it takes')
    inside = tuple(_verb(child, within=name) for child in element) if name == "Gather" else ()
    if name != "Gather" and len(element):
        raise BadTwiml(f"<{name}> holds no other verbs")
    text = (element.text or "").strip()
    _check_text(name, text)
    return Verb(name, dict(element.attrib), text, inside)


def _check_text(name: str, text: str) -> None:
    if name == "Say" and not 1 <= len(text) <= _LONGEST_SAY:
        raise BadTwiml(f"<Say> speaks 1 to {_LONGEST_SAY} characters, not {len(text)}")
    if name == "Redirect" and not text:
        raise BadTwiml("<Redirect> must say where to")
    if name in ("Gather", "Pause", "Hangup") and text:
        raise BadTwiml(f"<{name}> holds no text")


def _refuse_unreachable(verbs: list[Verb]) -> None:
    for verb in verbs[:-1]:
        if verb.name in ("Redirect", "Hangup"):
            raise BadTwiml(f"nothing after <{verb.name}> is ever reached")
        if verb.name == "Gather" and verb.attributes.get("actionOnEmptyResult") == "true":
            raise BadTwiml("nothing after a <Gather> with actionOnEmptyResult is ever reached")
