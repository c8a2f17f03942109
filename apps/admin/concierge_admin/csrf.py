"""Forged requests: a token per session in every form, and the Origin of every change. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

FIELD = "csrf_token"
HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def new_token() -> str:
    """Random, 256 bits."""
    return secrets.token_urlsafe(32)


def token_matches(expected: str, given: str | None) -> bool:
    """The token is the session's, compared in constant time."""
    return bool(expected) and secrets.compare_digest(expected.encode(), (given or "").encode())


def is_same_origin(headers: Mapping[str, str], *, public_url: str) -> bool:
    """The request comes from one of our own pages.

    Browsers say so themselves (`Sec-Fetch-Site`); older ones send `Origin`, or at least `Referer`, on every form. A
    request without any of the three is refused. Our own origin is the public URL or the host that was asked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    told = headers.get("origin") or headers.get("referer")
    if not told:
        return False
    origin = urlsplit(told)
    if not origin.netloc:
        return False
    ours = urlsplit(public_url)
    if (origin.scheme, origin.netloc) == (ours.scheme, ours.netloc):
        return True
    return origin.scheme in ("http", "https") and origin.netloc == headers.get("host")
