"""Which models a property has: none without a key, and then nothing of LangChain is imported."""

from __future__ import annotations

import importlib
from typing import Any

import structlog
from pydantic import SecretStr

from concierge_ai.model import Model
from concierge_ai.offered_tools import offered
from concierge_core.errors import ConciergeError
from concierge_core.runtime import Runtime
from concierge_core.tenant.secrets import SecretSource

log = structlog.get_logger()


def key(runtime: Runtime) -> SecretStr | None:
    """The Gemini key: the tenant's secret, else the environment's. None: the embedded answerer speaks alone."""
    ai = runtime.tenant.spec.ai
    if ai.provider != "gemini":
        return None
    try:
        return SecretSource(runtime.settings).get(ai.key_secret) or runtime.settings.gemini_api_key
    except ConciergeError as error:
        log.warning("model_key_not_read", error=type(error).__name__)
        return None


def open_models(runtime: Runtime, secret: SecretStr) -> list[Model]:
    """The property's models, best first. Imports the model libraries (about two seconds): call it in a thread."""
    llm: Any = importlib.import_module("concierge_ai.llm")
    ai = runtime.tenant.spec.ai
    names = [ai.model, *([ai.second_model] if ai.second_model else [])]
    return [
        llm.GeminiModel(
            name,
            key=secret,
            base_url=runtime.settings.gemini_base_url,
            temperature=ai.temperature,
            tools=offered(runtime.tenant),
        )
        for name in names
    ]
