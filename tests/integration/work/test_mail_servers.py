"""Real mail servers: encrypted, with a login, and each way in which that fails said in words, without a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr

from certificates import Certificates, made_for
from concierge_core.notifications.smtp import send
from concierge_core.tenant.model import Smtp
from concierge_core.use_cases.guest import post_message, request_person, start_session, update_guest
from concierge_core.work.registry import GiveUp, TryLater
from concierge_core.work.sender import send_due_tasks
from running_house import free_port

PASSWORD = "correct-horse"


@dataclass
class PostOffice:
    """What a mail server of the test has seen."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    logins: list[tuple[str, bytes, bool]] = field(default_factory=list)
    """Mechanism, password, and whether the connection was encrypted."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.mails.append(envelope.content)
        return "250 taken"

    def authenticate(self, server: Any, _session: Any, _envelope: Any, mechanism: str, login: Any) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.logins.append((mechanism, login.password, server.transport.get_extra_info("ssl_object") is not None))
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    made = made_for(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    return made


@pytest.fixture
def serve(tools: Any) -> Iterator[Callable[..., PostOffice]]:
    """Start a mail server; `encryption` is how it speaks TLS, if at all."""
    with ExitStack() as stack:

        def start(encryption: str = "none", context: Any = None, **more: Any) -> PostOffice:
            office = PostOffice(port=free_port())
            if encryption == "starttls":
                more |= {"tls_context": context, "require_starttls": True}
            if encryption == "implicit":
                more |= {"ssl_context": context}
            controller = Controller(
                office,
                hostname="127.0.0.1",
                port=office.port,
                authenticator=office.authenticate,
                auth_require_tls=encryption == "starttls",
                **more,
            )
            controller.start()
            stack.callback(controller.stop)
            return office

        yield start


def told(office: PostOffice, **more: Any) -> Smtp:
    """What the property's YAML says about this server."""
    login = {"username": "desk", "passwordSecret": {"name": "smtp", "key": "password"}}
    known = {"host": "127.0.0.1", "port": office.port, "fromAddress": "concierge@seehof.example", **login, **more}
    return Smtp.model_validate(known, by_alias=True, by_name=False)


def mail() -> EmailMessage:
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = "concierge@seehof.example", "desk@seehof.example", "Grüße"
    written.set_content("Ein Gast wartet.")
    return written


@pytest.mark.parametrize("encryption", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_an_encrypted_login_is_how_mail_leaves(serve, certificates, encryption, mechanism):
    office = serve(encryption, certificates.context, auth_exclude_mechanism={"PLAIN", "LOGIN"} - {mechanism})

    await send(mail(), told(office, tls=encryption), SecretStr(PASSWORD))

    assert len(office.mails) == 1
    assert office.logins == [(mechanism, PASSWORD.encode(), True)]


async def test_a_server_without_a_login_takes_mail_without_one(serve, certificates):
    office = serve("starttls", certificates.context)

    await send(mail(), told(office, username=None, passwordSecret=None), None)

    assert len(office.mails) == 1
    assert office.logins == []


async def reason(office: PostOffice, password: str = PASSWORD, **more: Any) -> str:
    with pytest.raises(TryLater) as caught:
        await send(mail(), told(office, **more), SecretStr(password))
    assert office.mails == []
    assert password not in str(caught.value)
    return str(caught.value)


async def test_a_wrong_password_is_said(serve, certificates):
    office = serve("starttls", certificates.context)

    assert await reason(office, "wrong-horse") == (
        "the mail server refuses the login (535): check username and password"
    )


async def test_no_password_is_sent_in_the_clear(serve):
    office = serve("none")

    assert await reason(office, tls="starttls") == (
        "the mail server offers no encryption (STARTTLS), so it was told nothing: check port and tls"
    )
    assert office.logins == []


async def test_a_server_that_nobody_can_log_in_to_is_said(serve, certificates):
    office = serve("starttls", certificates.context, auth_exclude_mechanism={"PLAIN", "LOGIN"})

    assert (await reason(office)).startswith("the mail server lets nobody log in here")


@pytest.mark.parametrize("encryption", ["starttls", "implicit"])
async def test_a_certificate_of_another_name_is_refused(serve, tmp_path, monkeypatch, encryption):
    made = made_for(tmp_path, "mail.elsewhere.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    office = serve(encryption, made.context)

    said = await reason(office, tls=encryption)

    assert said.startswith("the mail server's certificate is not accepted: IP address mismatch")
    assert office.logins == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(serve, certificates, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    office = serve("starttls", certificates.context)

    said = await reason(office)

    assert said.startswith("the mail server's certificate is not accepted: ")
    assert office.logins == []


async def test_tls_on_a_plain_port_and_nobody_at_all_are_said(serve, tools):
    assert await reason(serve("none"), tls="implicit") == (
        "the mail server speaks no TLS on this port: check port and tls"
    )
    assert await reason(PostOffice(port=free_port()), tls="none") == (
        "the mail server cannot be reached (ConnectionRefusedError)"
    )


async def test_a_password_that_mail_cannot_carry_is_said(serve, certificates):
    office = serve("starttls", certificates.context)

    assert await reason(office, "pässword") == "username and password must be ASCII: mail servers understand no other"


async def test_a_refused_recipient_is_given_up(serve, certificates):
    office = serve("starttls", certificates.context, data_size_limit=10)

    with pytest.raises(GiveUp, match=r"refuses the mail \(552\)"):
        await send(mail(), told(office), SecretStr(PASSWORD))


def send_mail_to(office: PostOffice, tenant_file: Path) -> None:
    tenant = yaml.safe_load(tenant_file.read_text("utf-8"))
    tenant["spec"]["notifications"]["smtp"] = told(office).model_dump(mode="json", by_alias=True)
    tenant["spec"]["property"]["name"] = "Hôtel Seehof"
    tenant_file.write_text(yaml.safe_dump(tenant), "utf-8")


def keep_password(password: str, secrets_file: Path) -> None:
    known = yaml.safe_load(secrets_file.read_text("utf-8"))
    secrets_file.write_text(yaml.safe_dump({**known, "smtp": {"password": password}}), "utf-8")


async def test_the_desk_hears_of_a_guest_once_the_password_is_right(rt, environment, start, serve, certificates, tools):
    office = serve("starttls", certificates.context)
    send_mail_to(office, Path(environment["CONCIERGE_TENANT_FILE"]))
    secrets = Path(environment["CONCIERGE_SECRETS_FILE"])
    keep_password("wrong-horse", secrets)
    environment |= {"CONCIERGE_WORK_MAX_RETRIES": "1", "SSL_CERT_FILE": str(certificates.authority)}
    environment["CONCIERGE_WORK_RESEND_AFTER_SECONDS"] = "2"
    worker = start("worker")
    session = await start_session(rt)
    await update_guest(rt, guest_id=session.guest.id, name="Žofie\r\nBcc: all@evil.example Šimková")
    await post_message(rt, conversation_id=session.conversation.id, client_id="1", text="my bathroom is flooded")
    await request_person(rt, conversation_id=session.conversation.id)

    async def relayed(holds: Callable[[], Any]) -> Any:
        await send_due_tasks(rt)
        return holds()

    said = "the mail server refuses the login (535): check username and password"
    await tools.until(lambda: relayed(lambda: worker.events("task_keeps_failing")))
    assert worker.events("task_keeps_failing")[0]["reason"] == said
    assert worker.events("task_failed")[0]["reason"] == said
    keep_password(PASSWORD, secrets)
    await tools.until(lambda: relayed(lambda: office.mails))

    arrived = office.mails[0].decode()
    assert "\nBcc:" not in arrived
    assert "my bathroom" not in arrived + worker.output
    for secret in ("wrong-horse", PASSWORD, "desk@seehof.example", "ofie"):
        assert secret not in worker.output
