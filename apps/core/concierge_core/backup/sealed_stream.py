"""A stream of bytes under a passphrase, in bounded memory: what is read was written whole, in this order, by us.

    header   "concierge-sealed-1\\n", log2 N, r, p (one byte each), 16 bytes of salt
    blocks   64 KiB of plain text each (the last may be shorter), AES-256-GCM, 16 bytes of tag behind

The key is scrypt of passphrase and salt, so it is never used twice. A block's nonce holds its number and whether it is
the last one: blocks can't be dropped, doubled, reordered or cut off unnoticed. The header is authenticated with each.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from concierge_core.backup.unusable import ArchiveUnusable

MAGIC: Final = b"concierge-sealed-1\n"
_BLOCK: Final = 64 * 1024
_TAG: Final = 16
_SALT: Final = 16
_COSTS: Final = (15, 8, 1)
"""log2 N, r, p: 32 MiB and a tenth of a second."""
_MOST_COSTS: Final = (17, 16, 4)
"""A header that asks for more is not ours."""


def seal(plain: Iterable[bytes], passphrase: str) -> Iterator[bytes]:
    """The sealed stream."""
    header = MAGIC + bytes(_COSTS) + os.urandom(_SALT)
    cipher = _cipher(header, passphrase)
    yield header
    for number, (block, last) in enumerate(_blocks(plain, _BLOCK)):
        yield cipher.encrypt(_nonce(number, last), block, header)


def unseal(sealed: Iterable[bytes], passphrase: str) -> Iterator[bytes]:
    """The plain stream. Raises `ArchiveUnusable` at the first block that is not as it was written."""
    header, rest = split(sealed, len(MAGIC) + len(_COSTS) + _SALT)
    cipher = _cipher(header, passphrase)
    for number, (block, last) in enumerate(_blocks(rest, _BLOCK + _TAG)):
        try:
            yield cipher.decrypt(_nonce(number, last), block, header)
        except InvalidTag:
            raise _refused(number) from None


def split(stream: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes (fewer where there are not so many), and all that follow."""
    chunks = iter(stream)
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= size:
            break
    return bytes(head[:size]), _followed(bytes(head[size:]), chunks)


def _followed(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _cipher(header: bytes, passphrase: str) -> AESGCM:
    costs, salt = header[len(MAGIC) : -_SALT], header[-_SALT:]
    if len(costs) != len(_COSTS) or any(asked > most for asked, most in zip(costs, _MOST_COSTS, strict=True)):
        raise ArchiveUnusable("its beginning is damaged; take another archive")
    log_n, r, p = costs
    key = Scrypt(salt=salt, length=32, n=2**log_n, r=r, p=p).derive(passphrase.encode())
    return AESGCM(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _blocks(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Blocks of `size`, each with whether it is the last one. There is always a last one, if only an empty one."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) > size:
            yield bytes(waiting[:size]), False
            del waiting[:size]
    yield bytes(waiting), True


def _refused(number: int) -> ArchiveUnusable:
    if number == 0:
        return ArchiveUnusable("it can't be opened with this passphrase (or its beginning is damaged)")
    return ArchiveUnusable("it is damaged or was cut off; take another archive")
