"""Knowledge: what guests are answered from. Declared articles are read-only; staff write their own or override."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from concierge_admin.articles import Entry, Filter, draft_from, entries, matching
from concierge_admin.editing import EditConflict, drop, save
from concierge_admin.gate import Visit, require
from concierge_admin.pages import PageRoute, fragment, go, page, told
from concierge_admin.permissions import Permission
from concierge_core.errors import InvalidInput, NotFound

routes = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(require(Permission.KNOWLEDGE_READ))]
Editor = Annotated[Visit, Depends(require(Permission.KNOWLEDGE_EDIT))]
Words = Annotated[str, Query(max_length=200)]


@routes.get("/admin/knowledge")
async def knowledge(visit: Reader, q: Words = "", only: Filter = Filter.ALL, said: str | None = None) -> Response:
    """The list, searched and filtered."""
    return await page(visit, "knowledge.html", said=told(visit, said), **await _listing(visit, q, only))


@routes.get("/admin/knowledge/rows")
async def rows(visit: Reader, q: Words = "", only: Filter = Filter.ALL) -> Response:
    """The list alone: after each keystroke of a search, and after news."""
    return fragment(visit, "partials/article_list.html", **await _listing(visit, q, only))


@routes.get("/admin/knowledge/new")
async def blank(visit: Editor) -> Response:
    """The form for a new article."""
    return await _form(visit, None, draft_from(None, _languages(visit)))


@routes.post("/admin/knowledge/new")
async def make(visit: Editor, request: Request) -> Response:
    """Store a new article."""
    return await _save(visit, request, None)


@routes.get("/admin/knowledge/{slug}")
async def article(visit: Reader, slug: str, said: str | None = None) -> Response:
    """One article: what guests are told, and beside it what it overrides."""
    entry = await _entry(visit, slug)
    return await page(visit, "article.html", said=told(visit, said), entry=entry, languages=_languages(visit))


@routes.get("/admin/knowledge/{slug}/edit")
async def edit(visit: Editor, slug: str) -> Response:
    """The form; for a declared article it makes an override."""
    entry = await _entry(visit, slug)
    return await _form(visit, entry, draft_from(entry, _languages(visit)))


@routes.post("/admin/knowledge/{slug}/edit")
async def change(visit: Editor, slug: str, request: Request) -> Response:
    """Store the change."""
    return await _save(visit, request, await _entry(visit, slug))


@routes.post("/admin/knowledge/{slug}/drop")
async def remove(visit: Editor, slug: str, confirmed: Annotated[bool, Form()] = False) -> Response:
    """Remove staff's version; the declared one, if there is one, answers again."""
    entry = await _entry(visit, slug)
    if entry.staff is None or not confirmed:
        raise InvalidInput("nothing_to_drop", "this article has no version of yours to remove")
    await drop(visit.desk.rt, entry, visit.staff)
    if entry.declared is not None:
        return go(f"/admin/knowledge/{slug}?said=override_dropped")
    return go("/admin/knowledge?said=article_removed")


async def _save(visit: Visit, request: Request, entry: Entry | None) -> Response:
    form = await request.form()
    draft = {key: value for key, value in form.items() if isinstance(value, str)}
    try:
        slug = await save(visit.desk.rt, entry, draft, visit.staff)
    except EditConflict:
        entry = await _entry(visit, entry.slug) if entry else None
        problem = visit.words.say(
            "A colleague changed this article while you wrote. Yours is kept below; their version is shown beside it."
        )
        return await _form(visit, entry, draft, problem=problem, status=409)
    except InvalidInput as error:
        return await _form(visit, entry, draft, problem=visit.words.gettext(str(error)), status=422)
    return go(f"/admin/knowledge/{slug}?said=article_saved")


async def _form(
    visit: Visit, entry: Entry | None, draft: dict[str, str], *, problem: str | None = None, status: int = 200
) -> Response:
    return await page(
        visit,
        "article_form.html",
        status=status,
        entry=entry,
        draft=draft,
        problem=problem,
        languages=_languages(visit),
        departments=visit.desk.rt.tenant.spec.property.departments,
    )


async def _listing(visit: Visit, words: str, only: Filter) -> dict[str, Any]:
    found = await entries(visit.desk.rt)
    return {
        "entries": matching(found, words, only),
        "total": len(found),
        "changed": sum(e.declared_changed for e in found),
        "q": words,
        "only": only,
        "filters": list(Filter),
        "languages": _languages(visit),
    }


async def _entry(visit: Visit, slug: str) -> Entry:
    entry = next((e for e in await entries(visit.desk.rt) if e.slug == slug), None)
    if entry is None:
        raise NotFound("no such article")
    return entry


def _languages(visit: Visit) -> list[str]:
    return visit.desk.rt.tenant.spec.property.languages
