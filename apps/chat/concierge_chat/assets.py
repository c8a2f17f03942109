"""The widget's files as they are served: comments dropped, imports hashed, compressed once.

A file is served as `/assets/<name>.<hash>.<suffix>` and never changes under that name. The hash is taken after the
imports inside were rewritten, so a module gets a new name when anything below it changes. What developers read (JSDoc)
is not what guests pay for on hotel Wi-Fi: whole-line comments and indentation stay here, everything else is sent as
written. Templates (`page.html`, `example.html`, `widget.js`) are not assets; `filled` fills them.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
TEMPLATES = ("widget.js",)
MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

_DOC_BLOCK = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n|[ \t]+// .*$", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t]+|\n(?=\n)", re.MULTILINE)
_IMPORT = re.compile(r'"\./([\w-]+\.js)"')
_LINK = re.compile(r'"/assets/([\w-]+\.\w+)"')
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its public `path`, and its bytes plain and gzipped."""

    path: str
    media_type: str
    body: bytes
    gzipped: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """All assets by their own file name ("concierge-chat.js")."""
    done: dict[str, Asset] = {}
    for file in sorted(STATIC.iterdir()):
        if file.suffix in MEDIA_TYPES and file.name not in TEMPLATES:
            _load(file.name, done)
    return done


@cache
def by_path() -> Mapping[str, Asset]:
    """All assets by their public path."""
    return {asset.path: asset for asset in assets().values()}


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template of the static folder with its `{{placeholders}}` filled and its `"/assets/…"` links hashed.

    The values are inserted as they are: escape them for where they stand. Raises KeyError for a missing value.
    """
    text = (STATIC / template).read_text(encoding="utf-8")
    text = _LINK.sub(lambda link: f'"{assets()[link[1]].path}"', text)
    return _PLACEHOLDER.sub(lambda placeholder: values[placeholder[1]], text)


def without_comments(source: str) -> str:
    """JavaScript without whole-line comments, trailing `//` comments, indentation and empty lines."""
    return _INDENTATION.sub("", _LINE_COMMENT.sub("", _DOC_BLOCK.sub("", source)))


def _load(name: str, done: dict[str, Asset]) -> Asset:
    """Load a file after everything that it imports (modules import each other without cycles)."""
    if name in done:
        return done[name]
    text = (STATIC / name).read_text(encoding="utf-8")
    if name.endswith(".js"):
        text = _IMPORT.sub(
            lambda found: f'".{_load(found[1], done).path.removeprefix("/assets")}"', without_comments(text)
        )
    body = text.encode()
    stem, suffix = name.rsplit(".", 1)
    path = f"/assets/{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"
    done[name] = Asset(path, MEDIA_TYPES[f".{suffix}"], body, gzip.compress(body, 9, mtime=0))
    return done[name]
