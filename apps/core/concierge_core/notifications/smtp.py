"""Handing one mail to the property's mail server.

A password never travels in the clear where encryption is asked for: a server that doesn't offer it gets nothing. What
goes wrong is said in our own words: the server's may repeat an address, and the library's a login.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from pydantic import SecretStr

from concierge_core.tenant.model import Smtp
from concierge_core.work.registry import GiveUp, TryLater

_TIMEOUT_SECONDS = 15.0


async def send(mail: EmailMessage, smtp: Smtp, password: SecretStr | None) -> None:
    """Hand the mail over. Raises `GiveUp` when the server refuses it for good, `TryLater` otherwise."""
    await asyncio.to_thread(_send, mail, smtp, password)


def _send(mail: EmailMessage, smtp: Smtp, password: SecretStr | None) -> None:
    with _in_our_words(), _connected(smtp) as server:
        if smtp.username and password:
            _log_in(server, smtp.username, password)
        server.send_message(mail)


def _connected(smtp: Smtp) -> smtplib.SMTP:
    if smtp.tls == "implicit":
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS)
    if smtp.tls == "starttls":
        try:
            _encrypt(server)
        except BaseException:
            server.close()
            raise
    return server


def _encrypt(server: smtplib.SMTP) -> None:
    try:
        code, _ = server.starttls(context=ssl.create_default_context())
    except smtplib.SMTPNotSupportedError:
        code = 502
    if code != 220:
        raise TryLater("the mail server offers no encryption (STARTTLS), so it was told nothing: check port and tls")


def _log_in(server: smtplib.SMTP, username: str, password: SecretStr) -> None:
    try:
        server.login(username, password.get_secret_value())
    except smtplib.SMTPAuthenticationError as error:
        raise TryLater(f"the mail server refuses the login ({error.smtp_code}): check username and password") from None
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException:
        raise TryLater("the mail server lets nobody log in here: check port and tls, or leave the login out") from None
    except UnicodeEncodeError:
        raise TryLater("username and password must be ASCII: mail servers understand no other") from None


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise _refusal(codes, "the recipient") from None
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _refusal({error.smtp_code}, "the mail") from None
    except ssl.SSLCertVerificationError as error:
        raise TryLater(f"the mail server's certificate is not accepted: {error.verify_message.rstrip('.')}") from None
    except ssl.SSLError:
        raise TryLater("the mail server speaks no TLS on this port: check port and tls") from None
    except (smtplib.SMTPException, OSError) as error:
        raise TryLater(f"the mail server cannot be reached ({type(error).__name__})") from None


def _refusal(codes: set[int], what: str) -> GiveUp | TryLater:
    words = f"the mail server refuses {what} ({', '.join(map(str, sorted(codes)))})"
    return GiveUp(words) if all(500 <= code < 600 for code in codes) else TryLater(words)
