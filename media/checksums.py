"""Checksums a client sends along with a piece of an upload (tus 1.0, checksum extension)."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import ClassVar

from media.errors import MediaError

ALGORITHMS = ("sha1", "sha256", "md5")
"""The names offered in ``Tus-Checksum-Algorithm``; tus requires sha1."""


class ChecksumError(MediaError):
    """The checksum of a piece cannot be used, or says that the piece was damaged on its way."""

    sentences: ClassVar = {
        "checksum_unreadable": "The checksum must be an algorithm and a base64 value, such as “sha1 Kq5s…”.",
        "checksum_unknown": "The checksum algorithm {algorithm} is not known. Use sha1, sha256 or md5.",
        "checksum_mismatch": "This piece was damaged on its way. Send it again.",
    }


@dataclass(frozen=True)
class Checksum:
    """What the client says the hash of its piece is."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, header: str) -> "Checksum":
        """Read an ``Upload-Checksum`` header. Raises ``ChecksumError``."""
        algorithm, _, encoded = header.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise ChecksumError("checksum_unknown", algorithm=algorithm[:20])
        try:
            digest = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise ChecksumError("checksum_unreadable")
        check = cls(algorithm, digest)
        if len(digest) != check.hasher().digest_size:
            raise ChecksumError("checksum_unreadable")
        return check

    def hasher(self) -> "hashlib._Hash":
        """An empty hash of this algorithm."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def verify(self, hasher: "hashlib._Hash") -> None:
        """Compare with what arrived. Raises ``ChecksumError``."""
        if not hmac.compare_digest(hasher.digest(), self.digest):
            raise ChecksumError("checksum_mismatch")
