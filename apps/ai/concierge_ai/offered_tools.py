"""The tools as a model is offered them, and its arguments checked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from concierge_ai.lexicon import read_data
from concierge_ai.model import Call, ToolSpec
from concierge_ai.tools import SERVICE_REQUEST
from concierge_core.tenant.model import ConciergeTenant

HAND_OFF = "hand_off"
REASONS = ("guest_wish", "complaint", "billing", "booking", "cannot_help", "emergency", "other")
"""Why a model hands off. Codes alone: a model's free words would carry the guest's into metrics and the audit."""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ServiceRequestArguments(_Arguments):
    """Of `service_request`."""

    kind: str = Field(min_length=1, max_length=40)
    summary: str = Field(min_length=1, max_length=300)
    room: str | None = Field(default=None, max_length=20)


class HandOffArguments(_Arguments):
    """Of `hand_off`. Whatever is not one of `REASONS` counts as "other": a wish for a person is never refused."""

    reason: str = "other"

    @field_validator("reason", mode="before")
    @classmethod
    def _known(cls, value: object) -> str:
        return value if isinstance(value, str) and value in REASONS else "other"


_ARGUMENTS: dict[str, type[ServiceRequestArguments | HandOffArguments]] = {
    SERVICE_REQUEST: ServiceRequestArguments,
    HAND_OFF: HandOffArguments,
}


def arguments(call: Call) -> ServiceRequestArguments | HandOffArguments:
    """The call's arguments, checked. Raises KeyError for a tool we don't have, else pydantic's ValidationError."""
    return _ARGUMENTS[call.name].model_validate(dict(call.arguments))


def offered(tenant: ConciergeTenant) -> list[ToolSpec]:
    """The tools that this property lets its concierge use."""
    tools = [_hand_off()]
    if tenant.spec.ai.tools.service_requests:
        kinds = [k for k in read_data("kinds") if k != "late_check_out" or tenant.spec.ai.tools.late_check_out.enabled]
        tools.append(_service_request(kinds))
    return tools


def _service_request(kinds: list[str]) -> ToolSpec:
    return ToolSpec(
        SERVICE_REQUEST,
        "Ask a department of the hotel to do something for this guest: bring, clean, repair, call a taxi, wake.",
        _schema(
            {
                "kind": {"type": "string", "enum": kinds, "description": "What it is about."},
                "summary": {"type": "string", "description": "What is to be done, when and how many, in one sentence."},
                "room": {"type": "string", "description": "Room number, if the guest said it."},
            },
            required=["kind", "summary"],
        ),
    )


def _hand_off() -> ToolSpec:
    return ToolSpec(
        HAND_OFF,
        "Pass the conversation to a person of the hotel's team.",
        _schema(
            {"reason": {"type": "string", "enum": list(REASONS), "description": "Why."}},
            required=["reason"],
        ),
    )


def _schema(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}
