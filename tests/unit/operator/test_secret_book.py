"""What is known of the Secrets beside a tenant, and when one is read again."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from concierge_operator.kinds import TENANTS, Resource
from concierge_operator.refusals import Retry
from concierge_operator.render.context import Context
from concierge_operator.secret_book import SecretBook
from concierge_operator.status_model import SecretMark
from rendered import UID, context, small_tenant


class Server:
    """Has Secrets, and counts how often one is read."""

    def __init__(self, **keys_of: list[str]) -> None:
        self.reads: list[str] = []
        self.tenant: dict[str, Any] | None = {"metadata": {"uid": UID}}
        self.secrets = {name: self._secret(name, keys) for name, keys in keys_of.items()}

    def _secret(self, name: str, keys: list[str]) -> dict[str, Any]:
        data = {key: base64.b64encode(b"word").decode() for key in keys}
        return {"metadata": {"name": name, "namespace": "house", "resourceVersion": "7"}, "data": data}

    async def get(self, resource: Resource, name: str, namespace: str, **_: Any) -> dict[str, Any] | None:
        if resource == TENANTS:
            return self.tenant
        self.reads.append(name)
        return self.secrets.get(name)

    async def create(self, _: Resource, manifest: dict[str, Any], **__: Any) -> dict[str, Any]:
        self.secrets[manifest["metadata"]["name"]] = manifest | {
            "metadata": {**manifest["metadata"], "resourceVersion": "1"}
        }
        return self.secrets[manifest["metadata"]["name"]]


def house(key: str) -> Context:
    return context(small_tenant(ai={"keySecret": {"name": "gemini", "key": key}}))


MANY = [f"key-{number:03}" for number in range(200)]


async def marks(
    book: SecretBook, ctx: Context, server: Server, noted: list[SecretMark] | None = None
) -> dict[str, SecretMark | None]:
    return await book.marks(ctx, noted or [], server)  # type: ignore[arg-type]


async def test_a_secret_with_hundreds_of_keys_is_one_like_any_other() -> None:
    server = Server(gemini=MANY)

    mark = (await marks(SecretBook(), house("key-199"), server))["gemini"]

    assert mark is not None
    assert "key-199" in mark.keys
    assert len(mark.keys) <= 64, "as much as the status holds"


async def test_another_key_of_such_a_secret_is_looked_for_in_the_secret_itself() -> None:
    server, book = Server(gemini=MANY), SecretBook()
    first = (await marks(book, house("key-199"), server))["gemini"]
    assert first is not None

    other = (await marks(book, house("key-150"), server, [first]))["gemini"]

    assert other is not None
    assert "key-150" in other.keys
    assert other.fingerprint == first.fingerprint


async def test_a_secret_that_did_not_change_is_read_once() -> None:
    server, book = Server(gemini=["key"]), SecretBook()
    for _ in range(3):
        await marks(book, house("key"), server)

    assert server.reads.count("gemini") == 1


@pytest.mark.parametrize(
    "tenant",
    [
        None,
        {"metadata": {"uid": "of another"}},
        {"metadata": {"uid": UID, "deletionTimestamp": "2026-11-26T08:00:00Z"}},
    ],
    ids=["gone", "another of its name", "going"],
)
async def test_no_passwords_are_made_for_a_tenant_that_is_gone_though_no_news_told_it_yet(
    tenant: dict[str, Any] | None,
) -> None:
    server = Server(gemini=["key"])
    server.tenant = tenant
    before = SecretMark(name="concierge-generated", version="1", fingerprint="f")

    with pytest.raises(Retry):
        await marks(SecretBook(), house("key"), server, [before])

    assert "concierge-generated" not in server.secrets
