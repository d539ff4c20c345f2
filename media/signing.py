"""Links that work for one purpose, until a moment, and for whom they were made.

A token is a few claims (asset, person, stream) in compact JSON with an HMAC-SHA256 over claims and purpose,
in letters that need no quoting in a URL. ``itsdangerous`` does the signing; what is added here is the
expiry inside the token, so that whoever checks needs no rule of his own, and errors that say which of the
two went wrong.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from itsdangerous import BadData, URLSafeSerializer

from media.errors import MediaError

Claim = str | int | bool | None
_EXPIRY = "exp"
_LONGEST = 2048


class SignatureError(MediaError):
    """The link does not open anything."""


class SignatureInvalid(SignatureError):
    """The token was altered, cut short, made for another purpose or with a key that is no longer trusted."""

    sentences: ClassVar = {"signature_invalid": "This link is not valid. Open the page again to get a new one."}

    def __init__(self) -> None:
        super().__init__("signature_invalid")


class SignatureExpired(SignatureError):
    """The token is genuine, but its time is over."""

    sentences: ClassVar = {"signature_expired": "This link has expired. Open the page again to get a new one."}

    def __init__(self) -> None:
        super().__init__("signature_expired")


class Signer:
    """Signs and checks tokens of one ``purpose``; a token of another purpose is invalid.

    ``key`` signs; ``retired`` keys still open what they signed, so that a key can be changed while people
    watch.
    """

    def __init__(self, key: str | bytes, *, purpose: str, retired: Sequence[str | bytes] = ()) -> None:
        keys = [*retired, key]
        if not all(len(each) >= 16 for each in keys):
            raise ValueError("a signing key has at least 16 bytes")
        # itsdangerous signs with the last key, tries all, and compares in constant time.
        self._serializer = URLSafeSerializer(
            [each.encode() if isinstance(each, str) else each for each in keys],
            salt=f"jinke.media.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, claims: Mapping[str, Claim], *, expires: datetime) -> str:
        """A token that carries ``claims`` until ``expires`` (aware; whole seconds)."""
        return self._serializer.dumps({**claims, _EXPIRY: int(expires.timestamp())})

    def verify(self, token: str, *, now: datetime) -> dict[str, Claim]:
        """The claims of a token. Raises ``SignatureInvalid``, or ``SignatureExpired`` from the expiry on."""
        if len(token) > _LONGEST:
            raise SignatureInvalid
        try:
            claims: dict[str, Claim] = self._serializer.loads(token)
        except BadData:
            raise SignatureInvalid
        expiry = claims.pop(_EXPIRY)
        if not isinstance(expiry, int) or now.timestamp() >= expiry:
            raise SignatureExpired
        return claims
