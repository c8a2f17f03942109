"""Content as browsers get it: compressed where they take that, and not sent again where they have it."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300"
ALWAYS_ASK = "no-cache"
ANY_PAGE = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
"""Headers of what foreign pages load from us: nothing in it is secret."""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes plain and gzipped, with an ETag made of their content."""

    body: bytes
    gzipped: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media_type: str, *, gzipped: bytes | None = None) -> Document:
        """Compress it (unless that was done already) and name it by its content."""
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        return cls(body, gzipped or gzip.compress(body, 9, mtime=0), media_type, etag)

    def respond(self, request: Request, *, cache: str, headers: dict[str, str] | None = None) -> Response:
        """The answer to this request. `headers` are added; their `vary` is kept beside our own."""
        sent = {**(headers or {}), "cache-control": cache, "etag": self.etag}
        sent["vary"] = ", ".join(filter(None, (sent.get("vary"), "Accept-Encoding")))
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=sent)
        if "gzip" in request.headers.get("accept-encoding", ""):
            sent["content-encoding"] = "gzip"
            return Response(self.gzipped, headers=sent, media_type=self.media_type)
        return Response(self.body, headers=sent, media_type=self.media_type)
