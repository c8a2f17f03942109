"""YAML files, read with suspicion: small, UTF-8, no aliases, no tags, no duplicate names, and no surprising types.

Types are those of YAML 1.2: the language code `no` is a text and not false, 15:00 is a text and not 900, and a date
stays a text until a field of type date reads it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from concierge_core.errors import TenantFileError

LARGEST_FILE = 5 * 1024 * 1024
_DEEPEST_NESTING = 40
_TWICE = "twice:"
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and the nodes it was made from, which know their lines."""

    value: Any
    node: yaml.Node

    def line_of(self, path: Sequence[str | int]) -> int:
        """Line, from 1, of the value at this path, or of the nearest thing around it that exists."""
        node, line = self.node, self.node.start_mark.line
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            node, line = found
        return int(line) + 1

    def text_line_of(self, path: Sequence[str | int]) -> int:
        """Line, from 1, on which the text at this path begins: below the `|` of a literal block."""
        node: yaml.Node | None = self.node
        for step in path:
            found = _child(node, step) if node else None
            node = found[0] if found else None
        literal = isinstance(node, yaml.ScalarNode) and node.style == "|"
        return self.line_of(path) + literal


class _Loader(_Parser):  # type: ignore[misc]
    """Safe, YAML 1.2 core types only, duplicate keys refused."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own protocol

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a name is not a plain word", key.start_mark)
            if key.value in mapping:
                raise yaml.constructor.ConstructorError(None, None, f'{_TWICE} "{key.value}"', key.start_mark)
            # Names are always texts, `no:` and `1:` too.
            mapping[key.value] = self.construct_object(value, deep=deep)
        return mapping


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.yaml_implicit_resolvers[""] = _Loader.yaml_implicit_resolvers.pop("\0")


def read_text(path: Path) -> str:
    """The file's text. Raises `TenantFileError` when it is absent, unreadable, too large, not UTF-8 or empty."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)  # a pipe or a device has no size
    except FileNotFoundError:
        raise TenantFileError(f"{path}: there is no such file; check the path.") from None
    except OSError as error:
        raise TenantFileError(f"{path}: cannot be read ({error.strerror}); check its permissions.") from None
    if len(raw) > LARGEST_FILE:
        megabytes = max(size, len(raw)) / 1024 / 1024
        raise TenantFileError(
            f"{path}: has {megabytes:.1f} MB, and at most 5 MB are read; move knowledge into more files."
        )
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TenantFileError(f"{path}: is UTF-16 text; save the file in UTF-8.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise TenantFileError(f"{path}, line {line}: is not UTF-8 text; save the file in UTF-8.") from None
    if not text.strip():
        raise TenantFileError(f"{path}: is empty; write a ConciergeTenant into it (see manifests/minimal.yaml).")
    return text


def yaml_files(folder: Path) -> list[Path]:
    """The folder's own .yaml and .yml files, by name. Raises `TenantFileError` for a folder that can't be read."""
    try:
        return sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
    except OSError as error:
        raise TenantFileError(f"{folder}: cannot be read ({error.strerror}); check its permissions.") from None


def mentions(path: Path, word: str) -> bool:
    """The file has the word in it. One that can't be read, or is too large to be ours, has not."""
    try:
        return path.stat().st_size <= LARGEST_FILE and word.encode() in path.read_bytes()
    except OSError:
        return False


def parse(text: str, where: str, *, first_line: int = 1) -> list[Document]:
    """The documents in `text`, without empty ones.

    `where` names the file in errors; `first_line` is the line of the file at which `text` begins.
    Raises `TenantFileError` for broken YAML, aliases, tags, duplicate names and absurd nesting.
    """
    try:
        _refuse_tricks(text, where, first_line)
        documents = []
        loader = _Loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                documents.append(Document(loader.construct_document(node), node))
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise TenantFileError(_broken(error, text, where, first_line)) from None
    except ValueError as error:
        raise TenantFileError(f"{where}: holds a value that cannot be read ({error}); put it in quotes.") from None
    return [document for document in documents if document.value is not None]


def _refuse_tricks(text: str, where: str, first_line: int) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Parser):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if trick := _trick(event, depth):
            raise TenantFileError(f"{where}, line {_line(event) + first_line}: {trick}.")


def _trick(event: Any, depth: int) -> str | None:
    if isinstance(event, yaml.AliasEvent):
        return f"uses the YAML alias *{event.anchor}, which is not allowed; write the value out"
    if getattr(event, "tag", None) is not None:
        return f"uses the YAML tag {event.tag}, which is not allowed; leave it out"
    if depth > _DEEPEST_NESTING:
        return f"is nested more than {_DEEPEST_NESTING} levels deep; check the brackets"
    return None


def _line(event: Any) -> int:
    return int(event.start_mark.line)


def _broken(error: yaml.YAMLError, text: str, where: str, first_line: int) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        line = text[: error.position].count("\n") + first_line
        return f"{where}, line {line}: holds a control character, which YAML does not allow; delete it."
    mark = getattr(error, "problem_mark", None)
    place = f"{where}, line {mark.line + first_line}" if mark else where
    problem = str(getattr(error, "problem", None) or "it cannot be read")
    if problem.startswith(_TWICE):
        return (
            f"{place}: the name {problem.removeprefix(_TWICE).strip()} appears twice in this section; keep one of them."
        )
    if mark and re.match(r" *\t", "".join(text.split("\n")[mark.line : mark.line + 1])):
        return f"{place}: is indented with a tab, which YAML does not allow; use spaces."
    return f"{place}: is not valid YAML ({problem}); check indentation, quotes and colons there."


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line
    return None
