"""What `concierge up` says: few lines, calm, the same for a terminal and a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from concierge_cli.announcement import Announcement
from concierge_cli.declared import Declared
from concierge_cli.house import House


def say(line: str) -> None:
    """One line, at once. Nobody listening (a closed terminal or pipe) is no reason to stop."""
    try:
        print(line, flush=True)
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # for the rest of our life


def welcome(house: House, news: Announcement) -> None:
    """Where everything of this property is, and the first account's password if it was made just now."""
    say("")
    say(f"  {_bold(house.declared.name)} is open.")
    for label, value in _rows(house, news):
        say(f"  {label:<10} {value}")
    say("")


def _rows(house: House, news: Announcement) -> list[tuple[str, str]]:
    rows = [("Guests", f"{house.url}/"), ("Staff", f"{house.url}/admin/"), ("Sign in", news.email)]
    if news.password is not None:
        rows.append(("Password", f"{news.password}   (shown only this once)"))
    if news.voice:
        rows.append(("Calls", f"{house.url}/voice/incoming   (for Twilio)"))
    return [
        *rows,
        ("Answers", _who_answers(house.declared)),
        ("Knowledge", f"{news.articles} article{'s' * (news.articles != 1)} from {Path(house.declared.source).name}"),
        ("Data", str(house.place.folder)),
        *(("Note", note) for note in house.declared.notes),
    ]


def _who_answers(declared: Declared) -> str:
    if declared.model is None:
        return "the embedded answerer, from the property's own articles"
    if os.environ.get("GEMINI_API_KEY") or declared.has_key:
        return f"{declared.model}, checked against the property's articles"
    return "the embedded answerer (no Gemini key is set: GEMINI_API_KEY)"


def _bold(text: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[1m{text}\033[0m"
