"""The property's colours as a small style sheet. Pure.

A hotel's brand colour is chosen for letterheads, not for text on screens: each use gets the nearest shade that still
reads well (WCAG 2.2: 4.5 to 1 for text, 3 to 1 for parts of controls), on light and on dark.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable

_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z")
_FALLBACK = "#2f4f4f"
Rgb = tuple[float, float, float]


def style_sheet(brand: str) -> str:
    """CSS custom properties for light and dark, from one brand colour (`#rrggbb`; anything else: a quiet slate)."""
    rgb = _parse(brand)
    light = _palette(rgb, paper=_tinted(rgb, 0.975), surface=(1.0, 1.0, 1.0), ink=_tinted(rgb, 0.13), dark=False)
    dark = _palette(rgb, paper=_tinted(rgb, 0.075), surface=_tinted(rgb, 0.11), ink=_tinted(rgb, 0.92), dark=True)
    return f":root,[data-bs-theme=light]{{{light}}}\n[data-bs-theme=dark]{{{dark}}}\n"


def contrast(a: Rgb, b: Rgb) -> float:
    """WCAG contrast ratio, 1 to 21."""
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(colour: Rgb, on: Iterable[Rgb], ratio: float, *, lighten: bool) -> Rgb:
    """The nearest shade of `colour` with at least this contrast on every one of `on`."""
    grounds = list(on)
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    for step in range(101):
        moved = min(1.0, lightness + step / 100) if lighten else max(0.0, lightness - step / 100)
        shade = colorsys.hls_to_rgb(hue, moved, saturation)
        if all(contrast(_rounded(shade), g) >= ratio for g in grounds):
            return _rounded(shade)
    return (1.0, 1.0, 1.0) if lighten else (0.0, 0.0, 0.0)


def _palette(brand: Rgb, *, paper: Rgb, surface: Rgb, ink: Rgb, dark: bool) -> str:
    wash = _mixed(brand, surface, 0.2 if dark else 0.1)
    accent = readable(brand, (paper, surface, wash), 4.6, lighten=dark)
    solid = readable(brand, ((1.0, 1.0, 1.0),), 4.6, lighten=False)
    sunken = _mixed(ink, paper, 0.045)
    quiet = readable(_mixed(ink, paper, 0.62), (paper, surface, wash, sunken), 4.6, lighten=dark)
    values = {
        "paper": paper,
        "surface": surface,
        "sunken": sunken,
        "ink": ink,
        "quiet": quiet,
        "line": _mixed(ink, paper, 0.14 if dark else 0.12),
        "edge": readable(_mixed(ink, paper, 0.4), (paper, surface), 3.1, lighten=dark),
        "accent": accent,
        "solid": solid,
        "wash": wash,
    }
    return "".join(f"--c-{name}:{_hex(rgb)};" for name, rgb in values.items())


def _parse(colour: str) -> Rgb:
    match = _HEX.match(colour.strip()) or _HEX.match(_FALLBACK)
    assert match is not None
    digits = match.group(1)
    return (int(digits[0:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:6], 16) / 255)


def _tinted(brand: Rgb, lightness: float) -> Rgb:
    """A neutral of this lightness that leans a little towards the brand's hue."""
    hue, _, saturation = colorsys.rgb_to_hls(*brand)
    return _rounded(colorsys.hls_to_rgb(hue, lightness, min(saturation, 1.0) * 0.18))


def _mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    return _rounded(tuple(x * share + y * (1 - share) for x, y in zip(a, b, strict=True)))  # type: ignore[arg-type]


def _rounded(colour: Rgb) -> Rgb:
    return tuple(round(c * 255) / 255 for c in colour)  # type: ignore[return-value]


def _luminance(colour: Rgb) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in colour)
