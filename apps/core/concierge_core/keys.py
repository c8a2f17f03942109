"""Keys of a tenant: content is encrypted with them, secrets and contacts are found by keyed hashes made with them.

A keyring holds 32-byte master keys, the first is current: it writes; all of them read. From each master key and tenant
two keys are derived (HKDF-SHA256): one for AES-256-GCM, one for HMAC-SHA256. Stored forms name their key, so that a
rotation can tell what it still has to do:

    content  v1:<key id>:<base64 of nonce + ciphertext>     bound to tenant, table, column and row
    hash     <key id>:<base64 of HMAC>                      bound to tenant and purpose
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from concierge_core.domain.ids import TenantId
from concierge_core.errors import ConciergeError

if TYPE_CHECKING:
    from concierge_core.settings import Settings

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORM: Final = "v1"
_ID_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class KeysUnusable(ConciergeError):
    """Keys are missing, malformed, or not those that the data was written with. The message says what to do."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One key of the ring. `id` is 1 to 32 of [A-Za-z0-9_-] and is stored beside what the key wrote."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.id) <= 32 or not set(self.id) <= _ID_CHARACTERS:
            raise KeysUnusable("a key's id has 1 to 32 letters, digits, - or _")
        if len(self.secret) != KEY_BYTES:
            raise KeysUnusable(f"key {self.id} has {len(self.secret)} bytes instead of {KEY_BYTES}")

    @classmethod
    def generate(cls) -> MasterKey:
        """A fresh random key."""
        return cls(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES))


@dataclass(frozen=True, slots=True)
class Keyring:
    """Master keys, the current one first. Immutable; safe to share between threads."""

    keys: tuple[MasterKey, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise KeysUnusable("the keyring is empty: give at least one key")
        if len({k.id for k in self.keys}) != len(self.keys):
            raise KeysUnusable("two keys of the keyring have the same id")

    @property
    def current(self) -> MasterKey:
        """The key that writes."""
        return self.keys[0]

    @property
    def content_prefix(self) -> str:
        """How content written with the current key begins."""
        return f"{_FORM}:{self.current.id}:"

    @property
    def hash_prefix(self) -> str:
        """How hashes made with the current key begin."""
        return f"{self.current.id}:"

    def seal(self, tenant: TenantId, place: str, row: str, text: str) -> str:
        """Encrypt. `place` is "table.column"; `row` the row's id: moved to another place or row it can't be opened."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = _cipher(self.current, tenant).encrypt(nonce, text.encode(), _binding(tenant, place, row))
        return self.content_prefix + base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, tenant: TenantId, place: str, row: str, stored: str) -> str:
        """Decrypt. Raises `KeysUnusable` when the key is not in the ring or the text was tampered with."""
        form, _, rest = stored.partition(":")
        key_id, _, payload = rest.partition(":")
        if form != _FORM or not payload:
            raise KeysUnusable(f"{place} of row {row} is not in a form that this version can read")
        try:
            raw = base64.b64decode(payload, validate=True)
            plain = _cipher(self._key(key_id), tenant).decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _binding(tenant, place, row)
            )
        except (InvalidTag, ValueError) as error:
            raise KeysUnusable(
                f"{place} of row {row} can't be decrypted with key {key_id}: the key is not the one it was written "
                "with, or the stored text was changed; restore keys and database from the same backup"
            ) from error
        return plain.decode()

    def hashed(self, tenant: TenantId, purpose: str, value: str) -> str:
        """The keyed hash under the current key, to be stored."""
        return _hashed(self.current, tenant, purpose, value)

    def hashes(self, tenant: TenantId, purpose: str, value: str) -> list[str]:
        """The keyed hash under every key of the ring, to look up what any of them wrote."""
        return [_hashed(key, tenant, purpose, value) for key in self.keys]

    def rotated(self) -> Keyring:
        """The ring with a fresh current key; the old ones go on reading."""
        return Keyring((MasterKey.generate(), *self.keys))

    def only_current(self) -> Keyring:
        """The ring without its old keys, once everything is written with the current one."""
        return Keyring((self.current,))

    def _key(self, key_id: str) -> MasterKey:
        for key in self.keys:
            if key.id == key_id:
                return key
        raise KeysUnusable(
            f"data is encrypted with key {key_id}, which is not in the keyring: restore keys.json from the backup of "
            "this data, or add the key to CONCIERGE_ENCRYPTION_KEYS"
        )

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """From `kid:base64[,kid:base64…]`. Raises `KeysUnusable`, never repeating the secret."""
        return cls(tuple(_parse_key(part.strip()) for part in text.split(",") if part.strip()))

    @classmethod
    def from_settings(cls, settings: Settings) -> Keyring:
        """From `settings.encryption_keys`, else from `keys.json` in the data folder, made at the first start."""
        if settings.encryption_keys is not None:
            return cls.parse(settings.encryption_keys.get_secret_value())
        return cls.load_or_create(settings.data_dir / "keys.json")

    @classmethod
    def load_or_create(cls, path: Path) -> Keyring:
        """The ring in the file. A missing file is made with one fresh key, readable by its owner only.

        When several processes start at once, all get the same keys.
        """
        if not path.exists():
            _write(path, cls((MasterKey.generate(),)), replace=False)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """The ring in the file. Raises `KeysUnusable`."""
        try:
            entries = json.loads(path.read_bytes())["keys"]
            return cls(tuple(_parse_key(f"{entry['id']}:{entry['key']}") for entry in entries))
        except OSError as error:
            raise KeysUnusable(f"{path} can't be read ({error.strerror}): restore it from the backup") from error
        except (ValueError, KeyError, TypeError) as error:
            raise KeysUnusable(f"{path} is not a keyring: restore it from the backup") from error

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        _write(path, self, replace=True)


def normalised_phone(phone: str) -> str:
    """E.164 where the number has its country code: `+` and digits; a leading 00 means +. Else its digits."""
    digits = "".join(str(int(c)) for c in phone if c.isdecimal())
    written = phone.strip()
    if written.startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def normalised_email(email: str) -> str:
    """As addresses are compared: trimmed and casefolded."""
    return email.strip().casefold()


def _parse_key(part: str) -> MasterKey:
    key_id, colon, encoded = part.partition(":")
    if not colon:
        raise KeysUnusable("an encryption key is written as id:base64")
    try:
        # Secrets come from shells and YAML in either base64 alphabet, with or without padding.
        plain = encoded.strip().replace("-", "+").replace("_", "/")
        secret = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise KeysUnusable(f"encryption key {key_id[:32]!r} is not valid base64") from error
    return MasterKey(key_id.strip(), secret)


def _binding(tenant: TenantId, place: str, row: str) -> bytes:
    return "\x00".join((tenant, place, row)).encode()


@lru_cache(maxsize=256)
def _derived(key: MasterKey, tenant: TenantId, use: str) -> bytes:
    info = f"concierge/{use}/{tenant}".encode()
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key.secret)


@lru_cache(maxsize=128)
def _cipher(key: MasterKey, tenant: TenantId) -> AESGCM:
    return AESGCM(_derived(key, tenant, "content"))


def _hashed(key: MasterKey, tenant: TenantId, purpose: str, value: str) -> str:
    digest = hmac.new(_derived(key, tenant, "lookup"), f"{purpose}\x00{value}".encode(), hashlib.sha256).digest()
    return f"{key.id}:{base64.urlsafe_b64encode(digest).decode('ascii').rstrip('=')}"


def _write(path: Path, ring: Keyring, *, replace: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps({"keys": _entries(ring.keys)}, indent=2) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # made with mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(temporary).replace(path)
        else:
            _link_first(temporary, path)
        _sync_folder(path.parent)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _link_first(temporary: str, path: Path) -> None:
    """Name the finished file, unless another process was first: then its keys are everybody's."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(keys: Sequence[MasterKey]) -> list[dict[str, str]]:
    return [{"id": k.id, "key": base64.b64encode(k.secret).decode("ascii")} for k in keys]
