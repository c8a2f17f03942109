"""From pydantic's errors to sentences for people: which field, what is wrong, what to do."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from concierge_core.errors import TenantFileError
from concierge_core.tenant.documents import Document

Path = tuple[str | int, ...]
_LONGEST_SENTENCE = 700
_MOST_SENTENCES = 10


def complaints(error: ValidationError, model: Any) -> list[tuple[Path, str]]:
    """Path and wording of each problem. `model` is the type that was validated."""
    details = [part for detail in error.errors(include_url=False) for part in _parts(detail)]
    misspelt = {
        (*path[:-1], meant)
        for path, detail in details
        if detail["type"] == "extra_forbidden" and (meant := _meant(path, model))
    }
    return [
        (path, _wording(detail, path, model))
        for path, detail in details
        # The missing field is there, under the wrong name: one mistake, told once.
        if not (detail["type"] == "missing" and path in misspelt)
    ]


def bounded(sentences: Sequence[str]) -> list[str]:
    """As many as a person reads at once, each on one line, and how many more there are."""
    told = [one_line(each) for each in sentences[:_MOST_SENTENCES]]
    more = len(sentences) - len(told)
    return told + ([f"… and {more} more mistake{'s' * (more > 1)} after these."] if more else [])


@contextmanager
def noted(mistakes: list[str]) -> Iterator[None]:
    """Add what is wrong inside to the list, and go on."""
    try:
        yield
    except TenantFileError as error:
        mistakes += error.sentences


def refuse(mistakes: Sequence[str]) -> None:
    """Raise `TenantFileError` if there are any."""
    if mistakes:
        raise TenantFileError(*mistakes)


def dotted(path: Sequence[str | int]) -> str:
    """`spec.knowledge.articles[3].slug`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) or step.isdigit() else f".{step}" if text else step
    return text


def told(error: ValidationError, model: Any, document: Document, file: object) -> list[str]:
    """A sentence a problem, with file and line, in the order of the lines. `document` is what was validated."""
    found = [(document.line_of(path), path, words) for path, words in complaints(error, model)]
    found.sort(key=lambda each: each[0])
    return [sentence(f"{file}, line {line}: {dotted(path)}", words) for line, path, words in found]


def sentence(where: str, words: str) -> str:
    """`where: words.`"""
    return f"{where}: {words}{'' if words.endswith('?') else '.'}"


def one_line(sentence: str) -> str:
    """Fit for a terminal: one line, printable characters only, and a quoted novel cut short."""
    line = "".join(character if character.isprintable() else " " for character in " ".join(sentence.splitlines()))
    return line if len(line) <= _LONGEST_SENTENCE else f"{line[:_LONGEST_SENTENCE]} …"


def suggestion(word: str, known: Sequence[str]) -> str:
    """`did you mean "x"?`, or the list of what is known."""
    close = _closest(word, known)
    return f'did you mean "{close}"?' if close else f"known here: {', '.join(known)}"


def _closest(word: str, known: Sequence[str]) -> str | None:
    folded = {name.replace("_", "").lower(): name for name in known}
    close = get_close_matches(word.replace("_", "").lower(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def _meant(path: Path, model: Any) -> str | None:
    """The field that was probably meant at an unknown field's path."""
    return _closest(str(path[-1]), _names(_type_at(model, path[:-1])))


def _parts(detail: Any) -> Iterator[tuple[Path, Any]]:
    """A problem that our own validators found may be several, each with a field below the place."""
    place: Path = tuple(step for step in detail["loc"] if step != "[key]")
    if detail["type"] != "tenant":
        yield place, detail
        return
    for field, message in detail["ctx"]["problems"]:
        steps = str(field).split(".") if field else []
        yield (*place, *(int(step) if step.isdigit() else step for step in steps)), {**detail, "msg": message}


def _wording(detail: Any, path: Path, model: Any) -> str:
    kind, value, limits = detail["type"], detail["input"], detail.get("ctx") or {}
    if kind == "tenant":
        return str(detail["msg"])
    if kind == "extra_forbidden":
        known = _names(_type_at(model, path[:-1]))
        return f"there is no such field; {suggestion(str(path[-1]), known)}"
    if kind == "missing":
        return f"is missing; add it{_meaning(model, path)}"
    if value is None:
        return "is empty; give it a value or take the line out"
    if kind in _TYPES:
        return _TYPES[kind](value)
    if kind in _LIMITS:
        return _LIMITS[kind](value, limits)
    if kind == "literal_error":
        options = _options(_type_at(model, path))
        return f'"{value}" is not possible here; {suggestion(str(value), options)}'
    if kind == "string_pattern_mismatch":
        return f'"{value}" does not have the right form{_meaning(model, path)}'
    return f"{detail['msg'].lower()}{_meaning(model, path)}"


def _text(value: Any) -> str:
    return (
        "must be a text, not a list or section"
        if isinstance(value, list | dict)
        else "must be a text; put it in quotes"
    )


_TYPES: dict[str, Callable[[Any], str]] = {
    "string_type": _text,
    "bool_type": lambda value: f'must be true or false, not "{value}"',
    "int_type": lambda value: f'must be a whole number without quotes, not "{value}"',
    "float_type": lambda value: f'must be a number without quotes, not "{value}"',
    "list_type": lambda value: 'must be a list; begin each entry with "- "',
    "dict_type": lambda value: "must be a section with one line per name",
    "model_type": lambda value: "must be a section with fields of its own, indented below it",
    "model_attributes_type": lambda value: "must be a section with fields of its own, indented below it",
}
_LIMITS: dict[str, Callable[[Any, Any], str]] = {
    "greater_than_equal": lambda value, limits: f"is {value}; it must be at least {limits['ge']:g}",
    "less_than_equal": lambda value, limits: f"is {value}; it must be at most {limits['le']:g}",
    "string_too_short": lambda value, limits: f"is too short; at least {limits['min_length']} characters are needed",
    "string_too_long": lambda value, limits: f"has {len(value)} characters; at most {limits['max_length']} fit",
    "too_short": lambda value, limits: f"needs at least {limits['min_length']} entry",
    "too_long": lambda value, limits: f"has too many entries; at most {limits['max_length']} fit",
}


def _meaning(model: Any, path: Path) -> str:
    info = _field_at(model, path)
    return f": {info.description.rstrip('.')}" if info and info.description else ""


def _names(kind: Any) -> list[str]:
    return [info.alias or name for name, info in kind.model_fields.items()] if _is_section(kind) else []


def _options(kind: Any) -> list[str]:
    return [str(option) for option in get_args(kind)] if get_origin(kind) is typing.Literal else []


def _field_at(model: Any, path: Path) -> FieldInfo | None:
    kind = _type_at(model, path[:-1])
    if not _is_section(kind) or not path:
        return None
    return next((info for name, info in kind.model_fields.items() if path[-1] in (info.alias, name)), None)


def _type_at(kind: Any, path: Path) -> Any:
    """The bare type at this path below `kind`; None where the path leads nowhere."""
    kind = _bare(kind)
    for position, step in enumerate(path):
        if _is_section(kind):
            info = _field_at(kind, (step,))
            kind = _bare(info.annotation) if info else None
        elif get_origin(kind) in (list, dict):
            kind = _bare(get_args(kind)[-1])
        else:
            return None if position < len(path) else kind
    return kind


def _bare(kind: Any) -> Any:
    """Without Annotated and without `| None`."""
    while get_origin(kind) is typing.Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        return _bare(options[0]) if len(options) == 1 else kind
    return kind


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
