"""Handing one mail to the property's mail server."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage

from pydantic import SecretStr

from concierge_core.tenant.model import Smtp
from concierge_core.work.registry import GiveUp

_TIMEOUT_SECONDS = 15.0


async def send(mail: EmailMessage, smtp: Smtp, password: SecretStr | None) -> None:
    """Hand the mail over. Raises `GiveUp` when the server refuses it for good, OSError or SMTPException otherwise."""
    await asyncio.to_thread(_send, mail, smtp, password)


def _send(mail: EmailMessage, smtp: Smtp, password: SecretStr | None) -> None:
    try:
        with _connected(smtp) as server:
            if smtp.username and password:
                server.login(smtp.username, password.get_secret_value())
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        if all(500 <= code < 600 for code in codes):
            # The server's own words may repeat the address.
            raise GiveUp(f"the mail server refuses the recipient ({_listed(codes)})") from None
        raise
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        if 500 <= error.smtp_code < 600:
            raise GiveUp(f"the mail server refuses the mail ({error.smtp_code})") from None
        raise


def _connected(smtp: Smtp) -> smtplib.SMTP:
    if smtp.tls == "implicit":
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS)
    if smtp.tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _listed(codes: set[int]) -> str:
    return ", ".join(map(str, sorted(codes)))
