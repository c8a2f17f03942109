"""Static files under names that carry their content's hash, so that browsers and CDNs may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_STATIC = Path(__file__).parent / "static"
PREFIX = "/admin/assets/"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    gzipped: bytes
    media_type: str


class Assets:
    """All files of the dashboard, read once; `made` are further ones by name, such as the property's colours."""

    def __init__(self, made: dict[str, bytes] | None = None) -> None:
        self._urls: dict[str, str] = {}
        self._by_hashed_name: dict[str, Asset] = {}
        for path in sorted(_STATIC.rglob("*")):
            if path.suffix in _TYPES:
                self._add(path.relative_to(_STATIC).as_posix(), path.read_bytes())
        for name, body in (made or {}).items():
            self._add(name, body)

    def url(self, name: str) -> str:
        """The path of a file by its plain name; KeyError for a file that does not exist (a mistake of ours)."""
        return self._urls[name]

    def get(self, hashed_name: str) -> Asset | None:
        """The file by the last part of its path."""
        return self._by_hashed_name.get(hashed_name)

    def _add(self, name: str, body: bytes) -> None:
        path = PurePosixPath(name)
        hashed = f"{path.stem}.{hashlib.sha256(body).hexdigest()[:16]}{path.suffix}"
        self._urls[name] = PREFIX + hashed
        self._by_hashed_name[hashed] = Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[path.suffix])
