"""What `concierge up` says: few lines, calm, the same for a terminal and a file."""

from __future__ import annotations

import os
import sys

from concierge_cli.announcement import Announcement
from concierge_cli.place import Place
from concierge_core.tenant.loader import LoadedTenant


def say(line: str) -> None:
    """One line, at once."""
    print(line, flush=True)


def welcome(loaded: LoadedTenant, place: Place, url: str, news: Announcement) -> None:
    """Where everything of this property is, and the first account's password if it was made just now."""
    facts = loaded.tenant.spec.property
    rows = [("Guests", f"{url}/"), ("Staff", f"{url}/admin/")]
    if news.password is not None:
        rows += [("Sign in", news.email), ("Password", f"{news.password}   (shown only this once)")]
    rows += [
        ("Answers", _who_answers(loaded)),
        ("Knowledge", f"{news.articles} articles from {loaded.source.name}"),
        ("Data", str(place.folder)),
    ]
    if news.voice:
        rows.insert(2, ("Calls", f"{url}/voice/incoming (Twilio's webhook)"))
    say("")
    say(f"  {_bold(facts.name)} is open.")
    for label, value in rows:
        say(f"  {label:<10} {value}")
    say("")


def _who_answers(loaded: LoadedTenant) -> str:
    ai = loaded.tenant.spec.ai
    if ai.provider == "none":
        return "the embedded answerer, from the property's own articles"
    if os.environ.get("GEMINI_API_KEY") or ai.key_secret is not None:
        return f"{ai.model}, checked against the property's articles"
    return "the embedded answerer (no Gemini key is set: GEMINI_API_KEY)"


def _bold(text: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[1m{text}\033[0m"
