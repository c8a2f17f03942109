"""Is this webhook really from Twilio? Asked before anything else is done.

The signature covers the address that Twilio called, so it is checked against the configured public URL: what a proxy
has made of the request doesn't matter. Several tokens are accepted, so that one can be changed without losing calls.
"""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from twilio.request_validator import (  # type: ignore[import-untyped]
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from concierge_core.runtime import Runtime
from concierge_core.tenant.secrets import SecretSource, several


def tokens(rt: Runtime) -> list[str]:
    """The property's auth tokens, the current one first: the secret may list several, with commas or line ends."""
    account = rt.tenant.spec.voice.twilio
    secret = SecretSource(rt.settings).get(account.auth_token_secret) if account else None
    return several(secret.get_secret_value()) if secret else []


def is_genuine(rt: Runtime, request: Request, form: FormData) -> bool:
    """Signed with one of the property's tokens, and from its own account."""
    account = rt.tenant.spec.voice.twilio
    signature = request.headers.get(SIGNATURE_HEADER, "")
    if account is None or not signature or form.get("AccountSid") != account.account_sid:
        return False
    # The form as Starlette holds it: a dict would drop repeated fields, which are signed too.
    return is_signed(
        public_address(rt, request),
        form,
        signature,
        tokens=tokens(rt),
        algorithm=get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER)),
    )


def is_signed(address: str, form: FormData, signature: str, *, tokens: list[str], algorithm: str) -> bool:
    """Any of the tokens has made this signature."""
    return any(RequestValidator(token).validate(address, form, signature, algorithm) for token in tokens)


def public_address(rt: Runtime, request: Request) -> str:
    """The address as Twilio knows it: public URL, raw path, raw query."""
    path: str = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    return rt.settings.public_url.rstrip("/") + path + (f"?{query}" if query else "")
