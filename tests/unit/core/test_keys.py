"""Sealing, finding and rotating with a tenant's keys."""

from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from concierge_core.domain.ids import TenantId
from concierge_core.errors import ConciergeError
from concierge_core.keys import Keyring, KeysUnusable, MasterKey, normalised_email, normalised_phone
from concierge_core.settings import Settings

HOUSE, OTHER = TenantId("strandhaus"), TenantId("alpenhof")
RING = Keyring((MasterKey("k1", b"1" * 32),))


@given(st.text())
def test_what_was_sealed_can_be_opened(text: str) -> None:
    assert RING.open(HOUSE, "messages.content", "m1", RING.seal(HOUSE, "messages.content", "m1", text)) == text


def test_the_stored_form_names_its_key_and_hides_the_text() -> None:
    sealed = RING.seal(HOUSE, "messages.content", "m1", "my room is 412")
    assert sealed.startswith("v1:k1:")
    assert b"412" not in base64.b64decode(sealed.split(":")[2])


def test_the_same_text_is_never_stored_alike_twice() -> None:
    assert RING.seal(HOUSE, "users.name", "u1", "Zoë") != RING.seal(HOUSE, "users.name", "u1", "Zoë")


@pytest.mark.parametrize(
    ("tenant", "place", "row"),
    [(OTHER, "users.name", "u1"), (HOUSE, "users.email", "u1"), (HOUSE, "users.name", "u2")],
    ids=["another tenant", "another column", "another row"],
)
def test_a_text_moved_elsewhere_cannot_be_opened(tenant: TenantId, place: str, row: str) -> None:
    sealed = RING.seal(HOUSE, "users.name", "u1", "Zoë")
    with pytest.raises(KeysUnusable, match="can't be decrypted"):
        RING.open(tenant, place, row, sealed)


def test_a_changed_text_cannot_be_opened() -> None:
    sealed = RING.seal(HOUSE, "users.name", "u1", "Zoë")
    raw = bytearray(base64.b64decode(sealed.split(":")[2]))
    raw[-1] ^= 1
    with pytest.raises(KeysUnusable):
        RING.open(HOUSE, "users.name", "u1", f"v1:k1:{base64.b64encode(raw).decode()}")


@pytest.mark.parametrize("stored", ["", "plain text", "v1:k1", "v1:k1:%%%", "v9:k1:AAAA", "v1:k1:AAAA"])
def test_something_that_was_never_sealed_is_told_apart(stored: str) -> None:
    with pytest.raises(KeysUnusable):
        RING.open(HOUSE, "users.name", "u1", stored)


def test_a_missing_key_is_named_together_with_the_remedy() -> None:
    sealed = Keyring((MasterKey("old", b"0" * 32),)).seal(HOUSE, "users.name", "u1", "Zoë")
    with pytest.raises(KeysUnusable, match=r"key old.*restore keys\.json"):
        RING.open(HOUSE, "users.name", "u1", sealed)


def test_after_a_rotation_the_new_key_writes_and_both_read() -> None:
    rotated = RING.rotated()
    old, new = RING.seal(HOUSE, "users.name", "u1", "Zoë"), rotated.seal(HOUSE, "users.name", "u1", "Zoë")
    assert rotated.open(HOUSE, "users.name", "u1", old) == rotated.open(HOUSE, "users.name", "u1", new) == "Zoë"
    assert new.startswith(rotated.content_prefix)
    assert not old.startswith(rotated.content_prefix)
    with pytest.raises(KeysUnusable):
        rotated.only_current().open(HOUSE, "users.name", "u1", old)


def test_hashes_are_the_same_for_the_same_value_only() -> None:
    token = RING.hashed(HOUSE, "session", "secret")
    assert token == RING.hashed(HOUSE, "session", "secret")
    assert "secret" not in token
    assert len({token, RING.hashed(OTHER, "session", "secret"), RING.hashed(HOUSE, "phone", "secret")}) == 3
    assert token in RING.rotated().hashes(HOUSE, "session", "secret")


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("+49 171 2345678", "+491712345678"),
        ("0049 (171) 2345-678", "+491712345678"),
        ("  +49/171.2345678 ", "+491712345678"),
        ("+٤٩ ١٧١", "+49171"),
        ("0171 2345678", "01712345678"),
        ("reception", ""),
    ],
)
def test_a_phone_number_is_compared_by_its_digits(written: str, compared: str) -> None:
    assert normalised_phone(written) == compared


def test_an_address_is_compared_without_regard_to_case() -> None:
    assert normalised_email(" Zoe.STRASSE@Example.COM ") == "zoe.strasse@example.com"


def test_keys_come_from_the_settings_in_either_base64_alphabet() -> None:
    first = base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("=")
    second = base64.b64encode(b"\xfe" * 32).decode()
    ring = Keyring.from_settings(Settings(encryption_keys=SecretStr(f"new:{first}, old:{second}")))
    assert [(k.id, k.secret) for k in ring.keys] == [("new", b"\xff" * 32), ("old", b"\xfe" * 32)]


@pytest.mark.parametrize(
    "text", ["", "nokey", "k1:short", "k1:!!!", "bad id:" + "A" * 43, "k1:" + "A" * 43 + ",k1:" + "B" * 43]
)
def test_unusable_settings_are_refused_without_repeating_the_secret(text: str) -> None:
    with pytest.raises(ConciergeError) as caught:
        Keyring.parse(text)
    assert "A" * 43 not in str(caught.value)


def test_the_first_start_makes_keys_that_only_the_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys.json"
    first = Keyring.load_or_create(path)
    assert Keyring.load_or_create(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(Keyring.load_or_create, [tmp_path / "keys.json"] * 8))
    assert len(set(rings)) == 1


def test_a_saved_ring_is_what_is_loaded(tmp_path: Path) -> None:
    ring = RING.rotated()
    ring.save(tmp_path / "keys.json")
    assert Keyring.load(tmp_path / "keys.json") == ring


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"keys": 5}', '{"keys": []}', '{"keys": [{"id": "a"}]}', json.dumps({"keys": [1]})],
)
def test_a_broken_file_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(KeysUnusable):
        Keyring.load_or_create(path)
    assert path.read_text() == content


def test_secrets_never_show(tmp_path: Path) -> None:
    assert "111" not in repr(RING)
