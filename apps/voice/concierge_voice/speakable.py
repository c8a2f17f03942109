"""Text for the ear: no Markdown, no addresses of pages, no emoji, nothing that a voice would spell out. Pure."""

from __future__ import annotations

import re

LONGEST = 3000
"""Characters: Twilio speaks at most 4096 at a time."""

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>]*[^\s<>.,;:!?)\]}'\"]", re.IGNORECASE)
_MARKS = re.compile(r"\*{1,3}|_{2,3}|~~|`+|(?<!\w)_|_(?!\w)")
_LINE_MARK = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+•]\s+)", re.MULTILINE)
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_UNSPEAKABLE = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SENTENCE_END = re.compile(r"[.!?…؟。][\"'»”)]*\s")


def speakable(text: str, *, website: str) -> str:
    """The text as it should be read out; `website` is said in place of addresses ("our website")."""
    text = _CONTROL.sub("", text)
    text = _LINK.sub(lambda link: link[1], text)
    text = _URL.sub(website, text)
    text = _RULE.sub("", text)
    text = _TAG.sub("", text)
    text = _LINE_MARK.sub("", text)
    text = _UNSPEAKABLE.sub("", _MARKS.sub("", text))
    return _shortened(_flowing(text))


def _flowing(text: str) -> str:
    """Lines become sentences: a voice needs a full stop where the eye has a line end."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return " ".join(line if line[-1] in ".!?…:;,؟۔" else f"{line}." for line in lines if line)


def _shortened(text: str) -> str:
    """Cut after the last sentence that fits."""
    if len(text) <= LONGEST:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, LONGEST)]
    return text[: ends[-1] if ends else LONGEST].rstrip()
