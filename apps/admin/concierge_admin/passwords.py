"""Passwords: argon2id, always in a thread, and never faster for an account that does not exist."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from concierge_core.errors import InvalidInput

MIN_CHARACTERS = 12
MAX_CHARACTERS = 256

# OWASP's argon2id setting with the smallest memory (19 MiB, two passes): a burst of sign-ins fits into a small pod.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
# Verified against when there is no such account, so that both answers take the same time.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(32))
# Two at a time: guessing must not take the threads (or the memory) that answers to guests need.
_AT_ONCE = 2
_slots: dict[int, asyncio.Semaphore] = {}

_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvw" for vowel in "aeiou"]


def new_password() -> str:
    """A random password that a person can read out and type: four groups of three syllables, about 75 bits."""
    return "-".join("".join(secrets.choice(_SYLLABLES) for _ in range(3)) for _ in range(4))


def check_strength(password: str) -> None:
    """Raise `InvalidInput` unless the length is acceptable; length is the one rule that helps."""
    if len(password) < MIN_CHARACTERS:
        raise InvalidInput("short_password", f"a password has at least {MIN_CHARACTERS} characters")
    if len(password) > MAX_CHARACTERS:
        raise InvalidInput("long_password", f"a password has at most {MAX_CHARACTERS} characters")


async def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters inside."""
    async with _slot():
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify(password_hash: str | None, password: str) -> bool:
    """The password is right. None (no account, no password) takes as long and is always wrong."""
    async with _slot():
        right = await asyncio.to_thread(_matches, password_hash or _NOBODY, password[:MAX_CHARACTERS])
    return right and password_hash is not None


def mark(password_hash: str | None) -> str:
    """A short fingerprint kept in each session: changing the password ends all sessions that carry the old one."""
    return hashlib.sha256((password_hash or "").encode()).hexdigest()[:16]


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _slot() -> asyncio.Semaphore:
    # Semaphores belong to the loop that first waits on them; tests run many loops in one process.
    loop = id(asyncio.get_running_loop())
    if loop not in _slots:
        _slots.clear()
        _slots[loop] = asyncio.Semaphore(_AT_ONCE)
    return _slots[loop]
