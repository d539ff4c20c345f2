"""Random tokens: session cookies, API tokens, activation links. Only a fast hash of each is stored."""

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """256 random bits in letters that survive a URL."""
    return prefix + secrets.token_urlsafe(32)


def fast_hash(token: str) -> str:
    """SHA-256 of a token with enough randomness of its own; passwords are never hashed like this."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
