"""What the model is told of the conversation so far: the newest messages that fit a budget of tokens. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from concierge_core.ai_wire import PastMessage
from concierge_core.domain.wording import mask_cards

HISTORY_TOKENS = 1_500
_CHARACTERS_PER_TOKEN = 3.5
_PER_MESSAGE = 4
MAX_MESSAGE_TOKENS = 400


def tokens(text: str) -> int:
    """About how many tokens a text is; rather too many than too few (Arabic and German need more than English)."""
    return int(len(text) / _CHARACTERS_PER_TOKEN) + 1


def trimmed(history: Sequence[PastMessage], *, budget: int = HISTORY_TOKENS) -> list[PastMessage]:
    """The newest messages within the budget, oldest first, cards masked, overlong ones shortened in the middle.

    It begins with a guest's message, so that no answer stands there without its question.
    """
    kept: list[PastMessage] = []
    left = budget
    for message in reversed(history):
        text = _shortened(mask_cards(message.text))
        left -= tokens(text) + _PER_MESSAGE
        if left < 0:
            break
        kept.append(PastMessage(author=message.author, text=text))
    kept.reverse()
    while kept and kept[0].author != "guest":
        kept.pop(0)
    return kept


def _shortened(text: str) -> str:
    most = int(MAX_MESSAGE_TOKENS * _CHARACTERS_PER_TOKEN)
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} … {text[-half:]}"
