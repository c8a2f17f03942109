"""Encryption keys on their way from a restore's pod, which may ask Kubernetes for nothing, to the operator.

They travel in the container's termination message, which more people may read than Secrets. So they are sealed with
the apps' internal token, which both ends know: who can open them could read the keys' own Secret as well.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from concierge_core.backup.unusable import ArchiveUnusable
from concierge_core.keys import Keyring, KeysUnusable

_NONCE: Final = 12
LONGEST: Final = 4096
"""Bytes of a termination message that Kubernetes keeps."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What a finished restore tells the operator."""

    archive: str
    """Name of the archive that the database was restored from."""
    keys: str = field(repr=False)
    """The encryption keys that were in it, as `CONCIERGE_ENCRYPTION_KEYS` holds them."""


def sealed(handover: Handover, *, token: str) -> str:
    """The message. Raises `ArchiveUnusable` when there are more keys than fit into it (about fifty)."""
    nonce = os.urandom(_NONCE)
    secret = _cipher(token).encrypt(nonce, handover.keys.encode(), handover.archive.encode())
    message = json.dumps({"archive": handover.archive, "keys": base64.b64encode(nonce + secret).decode("ascii")})
    if len(message) > LONGEST:
        raise ArchiveUnusable("it holds more encryption keys than can be handed over; unpack it and copy them by hand")
    return message


def opened(message: str, *, token: str) -> Handover:
    """What was handed over. Raises `ArchiveUnusable` for what is no such message, or one under another token."""
    try:
        written = json.loads(message)
        raw = base64.b64decode(written["keys"], validate=True)
        keys = _cipher(token).decrypt(raw[:_NONCE], raw[_NONCE:], written["archive"].encode()).decode()
        return Handover(archive=written["archive"], keys=keys)
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveUnusable("the keys that the restore handed over can't be read; restore once more") from error


def merged_keys(current: str, archived: str) -> str:
    """The current keys, and behind them those of the archive that they lack: everything can be read, and what is new
    is written as before. Merging again changes nothing.

    Raises `KeysUnusable` when both have different keys of one id.
    """
    ring, other = Keyring.parse(current), Keyring.parse(archived)
    own = {key.id: key.secret for key in ring.keys}
    if any(own.get(key.id, key.secret) != key.secret for key in other.keys):
        raise KeysUnusable("the archive has another key under an id that is in use here; give one of them another id")
    lacking = [key for key in other.keys if key.id not in own]
    behind = [f"{key.id}:{base64.b64encode(key.secret).decode('ascii')}" for key in lacking]
    return ",".join([current.strip().rstrip(","), *behind])


def _cipher(token: str) -> AESGCM:
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"concierge/restore").derive(token.encode())
    return AESGCM(key)
