"""Which of the property's languages a browser is answered in. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}


def negotiated(offered: Sequence[str], *, wished: str | None = None, accept_language: str = "") -> str:
    """The wish, if we speak it; else the best of the `Accept-Language` header; else the first offered."""
    ranges = sorted(map(_weighted, accept_language.split(",")), key=lambda pair: -pair[1])
    for tag, weight in [(wished or "", 1.0), *ranges]:
        short = tag.replace("_", "-").split("-")[0].lower()
        if short in offered and weight > 0:
            return short
    return offered[0]


def direction(language: str) -> str:
    """`rtl` or `ltr`, as HTML's `dir` has it."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _weighted(item: str) -> tuple[str, float]:
    tag, _, parameter = item.strip().partition(";")
    try:
        return tag.strip(), float(parameter.strip().removeprefix("q=")) if parameter else 1.0
    except ValueError:
        return tag.strip(), 0.0
