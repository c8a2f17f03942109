"""The page of a house that is closed for the season: one kind sentence, when it opens again, how to reach it."""

from __future__ import annotations

import html

from concierge_chat.languages import direction
from concierge_chat.property_view import closed_view
from concierge_core.runtime import Runtime

_PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{name}</title>
<style>
:root {{ color-scheme: light dark; --accent: {accent}; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.125rem/1.6 Georgia, serif;
  background: Canvas; color: CanvasText; }}
main {{ max-width: 34rem; padding: 2rem; text-align: center; border-top: .5rem solid var(--accent); }}
h1 {{ font-size: 2rem; font-weight: 400; line-height: 1.2; }}
a {{ color: inherit; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{name}</h1>
<p>{message}</p>
{contact}
</main>
</body>
</html>
"""


def closed_page(rt: Runtime, language: str) -> str:
    """The whole HTML page."""
    house = rt.tenant.spec.property
    closed = closed_view(rt, language) or {"message": ""}
    return _PAGE.format(
        lang=language,
        dir=direction(language),
        name=html.escape(house.name),
        message=html.escape(closed["message"]).replace("\n", "<br>"),
        accent=house.branding.primary_color,
        contact=contact(house.phone, house.email),
    )


def contact(phone: str | None, email: str | None) -> str:
    """How to reach the house, as links in a paragraph; empty when it names neither."""
    links = []
    if phone:
        links.append(f'<a href="tel:{html.escape(phone)}"><bdi dir="ltr">{html.escape(phone)}</bdi></a>')
    if email:
        links.append(f'<a href="mailto:{html.escape(email)}">{html.escape(email)}</a>')
    return f"<p>{' · '.join(links)}</p>" if links else ""
