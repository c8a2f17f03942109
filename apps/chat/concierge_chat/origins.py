"""Which websites may carry the chat: the property's own address and the tenant's `widget.allowedOrigins`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Origins:
    """The allowed origins. A loopback public URL is allowed under all names of loopback."""

    def __init__(self, public_url: str, allowed: Iterable[str]) -> None:
        own = _normal(public_url)
        self.public = own
        self._own = {own, *_other_loopbacks(own)}
        self._allowed = {_normal(origin) for origin in allowed}

    @property
    def foreign(self) -> list[str]:
        """The allowed origins that are not our own, sorted."""
        return sorted(self._allowed - self._own)

    def allows(self, origin: str | None, *, host: str | None = None) -> bool:
        """May a page of this origin talk to us?

        No `Origin` at all means no browser, which nothing here could protect. A page that came from the very host it
        talks to is our own, under whatever name it was reached.
        """
        if origin is None:
            return True
        normal = _normal(origin)
        return normal in self._own or normal in self._allowed or _is_host(normal, host)


def _is_host(origin: str, host: str | None) -> bool:
    scheme, separator, place = origin.partition("://")
    return bool(separator and host) and place == _normal(f"{scheme}://{host}").partition("://")[2]


def _normal(url: str) -> str:
    try:
        parts = urlsplit(url.strip().lower())
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORT or not place:
        return ""
    return f"{parts.scheme}://{place.removesuffix(_DEFAULT_PORT[parts.scheme])}"


def _other_loopbacks(origin: str) -> list[str]:
    scheme, _, place = origin.partition("://")
    for name in _LOOPBACK:
        if place == name or place.startswith(f"{name}:"):
            return [f"{scheme}://{other}{place.removeprefix(name)}" for other in _LOOPBACK]
    return []
