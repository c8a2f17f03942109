"""The widget's files as they are served: static imports joined, comments dropped, names hashed, compressed once.

The sources are plain ES modules that a browser could load one by one. On hotel Wi-Fi each of them costs a round trip
and each comment a few bytes, so a module is sent together with what it imports statically, without comments and
indentation; names and statements stay as written, so that an error on a guest's phone can be read. Dynamic imports
(the texts of a language) stay files of their own.

A file is served as `/assets/<name>.<hash>.<suffix>` and never changes under that name. The hash is taken after the
imports inside were rewritten, so a module gets a new name when anything below it changes. Templates (`page.html`,
`example.html`, `widget.js`) are not assets; `filled` fills them.
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
_WRAP = re.compile(r"(?<=[\[({,;])\n")
_STATIC_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
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
    if template.endswith(".js"):
        text = without_comments(text)
    text = _LINK.sub(lambda link: f'"{assets()[link[1]].path}"', text)
    return _PLACEHOLDER.sub(lambda placeholder: values[placeholder[1]], text)


def without_comments(source: str) -> str:
    """JavaScript without comments, indentation, empty lines, and line breaks after an opening bracket, `,` or `;`.

    No parser: it relies on how our modules are written (doc blocks begin a line; ` // ` stands in no string; the only
    text over several lines is CSS, to which such line breaks mean as little as to JavaScript).
    """
    return _WRAP.sub("", _INDENTATION.sub("", _LINE_COMMENT.sub("", _DOC_BLOCK.sub("", source))))


def joined(name: str, *, already: set[str] | None = None) -> str:
    """A module after everything that it imports statically, each once.

    All share one scope then, so no two of them may declare the same name at their top (a test holds them to it).
    """
    seen = already if already is not None else set()
    seen.add(name)
    source = (STATIC / name).read_text(encoding="utf-8")
    below = [joined(other, already=seen) for other in _STATIC_IMPORT.findall(source) if other not in seen]
    return "".join(below) + _EXPORT.sub("", _STATIC_IMPORT.sub("", source))


def _load(name: str, done: dict[str, Asset]) -> Asset:
    """Load a file after everything that it refers to (without cycles)."""
    if name in done:
        return done[name]
    if name.endswith(".js"):
        source = without_comments(joined(name))
        text = _IMPORT.sub(lambda found: f'".{_load(found[1], done).path.removeprefix("/assets")}"', source)
    else:
        text = (STATIC / name).read_text(encoding="utf-8")
    body = text.encode()
    stem, suffix = name.rsplit(".", 1)
    path = f"/assets/{stem}.{hashlib.sha256(body).hexdigest()[:8]}.{suffix}"
    done[name] = Asset(path, MEDIA_TYPES[f".{suffix}"], body, gzip.compress(body, 9, mtime=0))
    return done[name]
