"""The hosted guest page, the demonstration of a foreign page, the widget's loader and its assets."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from concierge_chat.assets import assets, filled
from concierge_chat.closed_page import closed_page, contact
from concierge_chat.desk import Desk
from concierge_chat.documents import ALWAYS_ASK, ANY_PAGE, FOR_EVER, SHORT, Document
from concierge_chat.languages import direction, negotiated
from concierge_chat.property_view import property_view
from concierge_core.texts import text

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)


class Pages:
    """Pages rendered once per language, and kept until staff change a setting of the property."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loader = _loader()
        self._assets = {a.path: Document.of(a.body, a.media_type, gzipped=a.gzipped) for a in assets().values()}
        self._rendered: dict[tuple[str, str], tuple[Document, dict[str, str]]] = {}
        self._rendered_of = desk.rt.tenant

    async def home(self, request: Request) -> Response:
        """The hosted guest page, in the guest's language (`?lang=`, else what the browser prefers)."""
        return self._page(request, "closed" if self._desk.suspended else "page")

    async def example(self, request: Request) -> Response:
        """How the widget looks on somebody else's page."""
        return self._page(request, "example")

    async def loader(self, request: Request) -> Response:
        """The script that a website embeds."""
        return self._loader.respond(request, cache=SHORT, headers=ANY_PAGE)

    async def asset(self, request: Request) -> Response:
        """A static file, by its hashed name."""
        found = self._assets.get(request.url.path)
        if found is None:
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        return found.respond(request, cache=FOR_EVER, headers=ANY_PAGE)

    async def no_icon(self, _request: Request) -> Response:
        """Browsers ask for /favicon.ico whatever the page says."""
        return Response(status_code=204, headers={"cache-control": "public, max-age=86400"})

    def _page(self, request: Request, name: str) -> Response:
        house = self._desk.rt.tenant.spec.property
        language = negotiated(
            house.languages,
            wished=request.query_params.get("lang"),
            accept_language=request.headers.get("accept-language", ""),
        )
        if self._rendered_of is not self._desk.rt.tenant:
            self._rendered, self._rendered_of = {}, self._desk.rt.tenant
        if (name, language) not in self._rendered:
            self._rendered[name, language] = self._render(name, language)
        document, headers = self._rendered[name, language]
        return document.respond(request, cache=ALWAYS_ASK, headers=headers)

    def _render(self, name: str, language: str) -> tuple[Document, dict[str, str]]:
        if name == "closed":
            page = closed_page(self._desk.rt, language)
        else:
            page = filled(f"{name}.html", self._values(language))
        headers = {
            "content-security-policy": self._policy(page),
            "content-language": language,
            "vary": "Accept-Language",
        }
        return Document.of(page.encode(), "text/html; charset=utf-8"), headers

    def _values(self, language: str) -> dict[str, str]:
        view = property_view(self._desk.rt, language)
        description = view.get("tagline") or view["address"]["city"]
        return {
            "title": html.escape(view.get("title") or view["name"]),
            "description": html.escape(description),
            "lang": language,
            "dir": direction(language),
            "theme_css": theme(view["branding"]),
            "config_json": json_for_html(view),
            "widget_src": "/widget.js",
            "no_script": html.escape(text("no_script", language)),
            "contact": contact(view.get("phone"), view.get("email")),
        }

    def _policy(self, page: str) -> str:
        logo = self._desk.rt.tenant.spec.property.branding.logo_url
        socket = re.sub("^http", "ws", self._desk.origins.public)
        return "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                f"style-src 'self' {' '.join(_style_hashes(page))}".rstrip(),
                f"img-src 'self' data: {_origin(logo)}".rstrip(),
                "font-src 'self'",
                f"connect-src 'self' {socket}".rstrip(),
                "manifest-src 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                f"frame-ancestors 'self' {' '.join(self._desk.origins.foreign)}".rstrip(),
            )
        )


async def to_closed_page() -> Response:
    """Whoever looks for anything else in a closed house is led to the page that says so."""
    return RedirectResponse("/", headers={"cache-control": "no-store"})


def _loader() -> Document:
    script = filled("widget.js", {"widget_src": assets()["concierge-chat.js"].path})
    return Document.of(script.encode(), "text/javascript; charset=utf-8")


def json_for_html(value: Any) -> str:
    """JSON that can stand inside a `<script type="application/json">` whatever it contains."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def theme(branding: dict[str, Any]) -> str:
    """The property's looks as CSS custom properties. Colours and fonts were checked by the tenant's model."""
    rules = [
        f"--concierge-primary:{branding['primary_color']}",
        f"--concierge-accent:{branding['accent_color']}",
        f"--concierge-on-primary:{branding['on_primary']}",
    ]
    if font := branding.get("font"):
        rules.append(f"--concierge-font:{font}")
    return f":root{{{';'.join(rules)}}}"


def add_pages(router: APIRouter, pages: Pages) -> None:
    """Put the pages on their addresses."""
    add: Callable[..., None] = partial(router.add_api_route, methods=["GET", "HEAD"], include_in_schema=False)
    add("/", pages.home)
    add("/example", pages.example)
    add("/widget.js", pages.loader)
    add("/assets/{name}", pages.asset)
    add("/favicon.ico", pages.no_icon)


def _style_hashes(page: str) -> list[str]:
    digests = (hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def _origin(url: str | None) -> str:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
