"""What the model is reminded of."""

from __future__ import annotations

from concierge_ai.memory import MAX_MESSAGE_TOKENS, tokens, trimmed
from concierge_core.ai_wire import PastMessage


def said(author: str, text: str) -> PastMessage:
    return PastMessage.model_validate({"author": author, "text": text})


def test_the_newest_messages_that_fit_are_kept_in_order() -> None:
    history = [said("guest", f"question {n} " + "x" * 300) for n in range(30)]
    kept = trimmed(history, budget=500)
    assert kept == history[-len(kept) :]
    assert 1 <= len(kept) < 10
    assert sum(tokens(m.text) for m in kept) <= 500


def test_it_begins_with_the_guest() -> None:
    history = [
        said("concierge", "Hello"),
        said("staff", "Hi"),
        said("guest", "A question"),
        said("concierge", "An answer"),
    ]
    assert [m.text for m in trimmed(history)] == ["A question", "An answer"]
    assert trimmed(history[:2]) == []


def test_one_endless_message_does_not_push_out_all_others() -> None:
    history = [said("guest", "When is breakfast?"), said("concierge", "From 7."), said("guest", "y" * 20_000)]
    kept = trimmed(history)
    assert len(kept) == 3
    assert tokens(kept[-1].text) <= MAX_MESSAGE_TOKENS + 2


def test_card_numbers_are_masked() -> None:
    assert "4111" not in trimmed([said("guest", "my card 4111 1111 1111 1111")])[0].text.replace("1111", "", 1)
