"""The few icons, drawn here as 24-unit strokes; decorative, so hidden from screen readers."""

from __future__ import annotations

from markupsafe import Markup

_PATHS = {
    "inbox": "M4 13h4l1.5 3h5L16 13h4M4 13l3-8h10l3 8v6H4z",
    "bell": "M5 17h14M7 17v-5a5 5 0 0 1 10 0v5M12 5v2M10.5 20h3M12 5h0",
    "book": "M12 7c-2-1.5-5-2-8-2v13c3 0 6 .5 8 2 2-1.5 5-2 8-2V5c-3 0-6 .5-8 2zM12 7v13",
    "chart": "M4 20h16M7 20v-6M12 20V8M17 20V4",
    "out": "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
    "user": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-5 8-5s7 1 8 5",
    "globe": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM4 12h16M12 4c3 2.5 3 13.5 0 16M12 4c-3 2.5-3 13.5 0 16",
    "phone": "M6 4h4l1.5 4-2.5 2a12 12 0 0 0 5 5l2-2.5L20 14v4c0 1-1 2-2 2C10 20 4 14 4 6c0-1 1-2 2-2z",
    "sms": "M4 5h16v11H11l-5 4v-4H4z",
    "web": "M4 5h16v11H11l-5 4v-4H4z",
    "key": "M14.5 13a4.5 4.5 0 1 0-4-2.5L4 17v3h4v-2h2v-2h1.5z",
    "search": "M11 17a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM15.5 15.5L20 20",
    "back": "M14 6l-6 6 6 6",
    "list": "M5 7h14M5 12h14M5 17h9",
    "check": "M5 13l4 4L19 7",
    "alert": "M12 4l9 16H3zM12 10v4M12 17v.2",
    "frown": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM9 10v.2M15 10v.2M9 16c1.5-2 4.5-2 6 0",
    "smile": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM9 10v.2M15 10v.2M9 14c1.5 2 4.5 2 6 0",
    "spark": "M12 4v4M12 16v4M4 12h4M16 12h4M7 7l2 2M15 15l2 2M17 7l-2 2M9 15l-2 2",
    "plus": "M12 5v14M5 12h14",
    "send": "M4 12l16-8-6 16-3-6z",
    "sliders": "M4 7h9M17 7h3M15 5v4M4 12h2M10 12h10M8 10v4M4 17h9M17 17h3M15 15v4",
    "pen": "M4 20l1-4L16 5l3 3L8 19z",
}


def icon(name: str) -> Markup:
    """Inline SVG; its size and colour come from the style sheet."""
    return Markup(  # noqa: S704  # only our own constants go in
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{_PATHS[name]}"/></svg>'
    )
