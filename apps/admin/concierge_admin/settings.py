"""Settings: what the property's YAML declares, and what staff put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from concierge_admin.gate import Visit, require
from concierge_admin.pages import PageRoute, go, page, told
from concierge_admin.permissions import Permission
from concierge_admin.setting_forms import SETTINGS, Described, Field
from concierge_core.errors import Conflict, InvalidInput, NotFound
from concierge_core.tenant.overrides import SettingView, value_hash
from concierge_core.use_cases.settings import drop_override, put_override, settings_of

routes = APIRouter(route_class=PageRoute)
Changer = Annotated[Visit, Depends(require(Permission.SETTINGS_CHANGE))]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a form was not stored, and what was in it."""

    key: str
    sentence: str
    draft: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One setting on the page."""

    view: SettingView
    words: Described
    fields: list[Field]
    draft: Mapping[str, str]
    """What stands in the form."""
    declared: Mapping[str, str]
    held: Mapping[str, str]
    problem: str | None
    seen_override: str
    seen_declared: str


@routes.get("/admin/settings")
async def listed(visit: Changer, said: str | None = None, of: str | None = None) -> Response:
    """All settings that staff may override; what a change has to say stands beside its setting."""
    return await page(visit, "settings.html", told=told(visit, said), of=of, cards=await _cards(visit))


@routes.get("/admin/settings/{key}")
async def one(visit: Changer, key: str) -> Response:
    """Its place on the page: where somebody lands who reloads the answer to a form."""
    if key not in SETTINGS:
        raise NotFound("no such setting")
    return go(f"/admin/settings#{key}")


@routes.post("/admin/settings/{key}")
async def change(visit: Changer, key: str, request: Request) -> Response:
    """Store staff's version."""
    described = SETTINGS.get(key)
    if described is None:
        raise NotFound("no such setting")
    draft = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    rt = visit.desk.rt
    try:
        await put_override(
            rt,
            key=key,
            value=described.form.value(draft, rt.declared.spec.property.languages),
            staff=visit.staff,
            seen_override=draft.get("seen_override", ""),
            seen_declared=draft.get("seen_declared"),
        )
    except InvalidInput:
        problem = visit.words.say(
            "Nothing was changed: this cannot be used as it is. The line below the form says how to write it."
        )
        return await _again(visit, Problem(key, problem, draft), 422)
    except Conflict:
        problem = visit.words.say(
            "A colleague changed this setting while you wrote. Yours is kept below; theirs is shown beside it."
        )
        return await _again(visit, Problem(key, problem, draft), 409)
    return go(f"/admin/settings?said=setting_saved&of={key}#{key}")


@routes.post("/admin/settings/{key}/drop")
async def drop(visit: Changer, key: str, confirmed: Annotated[bool, Form()] = False) -> Response:
    """Remove staff's version; the declared value holds again."""
    if key not in SETTINGS or not confirmed:
        raise InvalidInput("nothing_to_drop", "this setting has no version of yours to remove")
    await drop_override(visit.desk.rt, key=key, staff=visit.staff)
    return go(f"/admin/settings?said=setting_dropped&of={key}#{key}")


async def _again(visit: Visit, problem: Problem, status: int) -> Response:
    return await page(visit, "settings.html", status=status, told=None, of=None, cards=await _cards(visit, problem))


async def _cards(visit: Visit, problem: Problem | None = None) -> list[Card]:
    views = await settings_of(visit.desk.rt)
    return [_card(visit, view, problem if problem and problem.key == view.key else None) for view in views]


def _card(visit: Visit, view: SettingView, problem: Problem | None) -> Card:
    words, languages = SETTINGS[view.key], visit.desk.rt.declared.spec.property.languages

    def draft(value: Any) -> Mapping[str, str]:
        return words.form.draft(value, languages)

    return Card(
        view=view,
        words=words,
        fields=words.form.fields(languages),
        draft=problem.draft if problem else draft(view.value),
        declared=draft(view.declared),
        held=draft(view.value),
        problem=problem.sentence if problem else None,
        seen_override="" if view.override is None else value_hash(view.override),
        seen_declared=value_hash(view.declared),
    )
