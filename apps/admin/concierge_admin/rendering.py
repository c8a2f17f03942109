"""Templates: autoescaped, strict about missing names, with gettext and the property's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from concierge_admin import icons, labels
from concierge_admin.assets import Assets
from concierge_admin.permissions import Permission
from concierge_admin.wording import Wording, wording
from concierge_core.domain.requests import ServiceRequest
from concierge_core.runtime import Runtime

_TEMPLATES = Path(__file__).parent / "templates"


def environment(runtime: Runtime, assets: Assets) -> Environment:
    """The templates of one property's dashboard."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # from the extension
    times = Times(runtime)
    made.filters.update(clock=times.clock, moment=times.moment, machine=times.machine, ago=times.ago, lasting=lasting)
    made.filters.update(excerpt=excerpt, seconds=seconds, label=label, summary=summary)
    made.globals.update(
        asset=assets.url,
        property=runtime.tenant.spec.property,
        Permission=Permission,
        labels=labels,
        icon=icons.icon,
        now=runtime.clock.now,
    )
    return made


class Times:
    """Moments in the property's own time zone."""

    def __init__(self, runtime: Runtime) -> None:
        self._local = runtime.tenant.spec.property.local
        self._clock = runtime.clock

    def clock(self, moment: datetime) -> str:
        """15:04"""
        return self._local(moment).strftime("%H:%M")

    def moment(self, moment: datetime) -> str:
        """15:04 today; "Tue 3 Mar, 15:04" this year; with the year before that."""
        local, today = self._local(moment), self._local(self._clock.now())
        if local.date() == today.date():
            return local.strftime("%H:%M")
        pattern = "%a {day} %b, %H:%M" if local.year == today.year else "{day} %b %Y, %H:%M"
        return local.strftime(pattern.replace("{day}", str(local.day)))

    def machine(self, moment: datetime) -> str:
        """For `<time datetime>`."""
        return self._local(moment).isoformat(timespec="seconds")

    @pass_context
    def ago(self, context: Context, moment: datetime) -> str:
        """How long ago, or how long until."""
        return lasting(context, abs(self._clock.now() - moment))


@pass_context
def lasting(context: Context, span: timedelta) -> str:
    """A length of time in the largest unit that fits: "40 s", "12 min", "3 h", "2 days"."""
    words = _words(context)
    seconds = int(span.total_seconds())
    if seconds < 60:
        return words.say("%(count)s s", count=seconds)
    if seconds < 3_600:
        return words.say("%(count)s min", count=seconds // 60)
    if seconds < 86_400:
        return words.say("%(count)s h", count=seconds // 3_600)
    days = seconds // 86_400
    return words.ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


@pass_context
def seconds(context: Context, count: float) -> str:
    """A number of seconds, in words."""
    return lasting(context, timedelta(seconds=max(1, round(count))))


@pass_context
def label(context: Context, value: object, table: str) -> str:
    """What a stored value is called. Plain text: values may come from a model, so they are escaped like any other
    (`_()` would trust them)."""
    return _words(context).gettext(labels.of(getattr(labels, table), value))


@pass_context
def summary(context: Context, request: ServiceRequest) -> str:
    """What is to be done: somebody's words as they are, our own reasons translated."""
    reason = labels.handoff_reason(request.kind, request.summary)
    return _words(context).gettext(reason) if reason else request.summary


def excerpt(text: str, length: int = 120) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _words(context: Context) -> Wording:
    return wording(context.get("language", "en"))


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _words(context).gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int) -> str:
    return _words(context).ngettext(singular, plural, n)


def part(env: Environment, template: str, **values: Any) -> str:
    """One template as text."""
    return env.get_template(template).render(**values)
