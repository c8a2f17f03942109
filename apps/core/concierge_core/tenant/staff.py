"""`spec.notifications`, `spec.admin`, `spec.pms`, `spec.retention`: what staff and their systems have to do with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from concierge_core.tenant.values import EmailAddress, SecretRef, Section, WebAddress, problem

Days = Annotated[int, Field(ge=1, le=3650)]
GroupName = Annotated[str, Field(min_length=1, max_length=200)]
WebhookEvent = Literal["handoff", "handoff_expired", "request_made", "emergency", "conversation_closed"]


class Smtp(Section):
    """Mail server for what the property sends."""

    host: Annotated[str, Field(min_length=1, max_length=253)]
    """Host name of the mail server."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port: 587 with starttls, 465 with implicit TLS, 25 without."""
    username: Annotated[str, Field(max_length=254)] | None = None
    """Login; none, if the server needs none."""
    password_secret: SecretRef | None = None
    """Where the password lies."""
    from_address: EmailAddress
    """Sender of all mails."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """How the connection is encrypted; `none` only inside a trusted network."""

    @model_validator(mode="after")
    def _login_is_whole(self) -> Smtp:
        if (self.username is None) != (self.password_secret is None):
            missing = "username" if self.username is None else "passwordSecret"
            raise problem("is missing; a login needs both username and passwordSecret", field=missing)
        return self


class Webhook(Section):
    """A system that is told by signed HTTP POST."""

    url: WebAddress
    """Where to POST."""
    secret: SecretRef
    """Where the signing key lies (HMAC-SHA256)."""
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=5)] = Field(default=["handoff"])
    """What it is told."""


class Notifications(Section):
    """Who is told when a guest needs a person."""

    smtp: Smtp | None = None
    """Mail server; no mails without it."""
    handoff_emails: Annotated[list[EmailAddress], Field(max_length=20)] = Field(default_factory=list)
    """Who gets a mail when a guest waits for a person; needs `smtp`."""
    webhooks: Annotated[list[Webhook], Field(max_length=10)] = Field(default_factory=list)
    """Systems to tell."""

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Notifications:
        if self.handoff_emails and self.smtp is None:
            raise problem(
                "is missing, but handoffEmails has addresses; add the mail server or take them out", field="smtp"
            )
        return self


class FirstAccount(Section):
    """The administrator that the first start creates, with a password that is shown once."""

    email: EmailAddress
    """Login of the first administrator."""
    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Name that guests and colleagues see."""


class Oidc(Section):
    """Single sign-on for staff (OpenID Connect)."""

    issuer: WebAddress
    """Issuer URL of the identity provider."""
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    """Client id."""
    client_secret: SecretRef
    """Where the client secret lies."""
    groups_claim: Annotated[str, Field(min_length=1, max_length=100)] = "groups"
    """Claim that lists a person's groups."""
    admin_groups: Annotated[list[GroupName], Field(max_length=50)] = Field(default_factory=list)
    """Groups whose members may administrate."""
    staff_groups: Annotated[list[GroupName], Field(max_length=50)] = Field(default_factory=list)
    """Groups whose members may work in the inbox; everybody who can sign in, if empty."""


class Admin(Section):
    """The staff dashboard."""

    first_account: FirstAccount | None = None
    """First administrator; one named after the property is made if absent."""
    oidc: Oidc | None = None
    """Single sign-on."""
    session_hours: Annotated[int, Field(ge=1, le=72)] = 12
    """How long staff stay signed in; 1 to 72 h."""


class Pms(Section):
    """Property management system: stays and rooms."""

    provider: Literal["none", "demo"] = "none"
    """`demo` is a built-in one with invented stays, for trying things out."""


class Retention(Section):
    """How long data is kept; afterwards it is erased for good."""

    conversations_days: Days = 365
    """Conversations with their messages and guests, counted from the last message."""
    analytics_days: Days = 1095
    """Figures without text."""
    audit_days: Days = 730
    """Who did what in the dashboard."""
