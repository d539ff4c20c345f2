"""Assets with bytes behind them."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core.files import queries, stores
from core.files.models import Asset
from media.storage import content_key
from tests.factories import Factory
from tests.media.conftest import clips

__all__ = ["clips"]

StoreAsset = Callable[..., Asset]


@pytest.fixture
def store_asset(app: Flask, make: Factory) -> StoreAsset:
    """``store_asset(owner, data, extension="mp4", …)``: a ready asset whose bytes lie in the local store."""

    def store(owner: Any, data: bytes, extension: str = "mp4", **values: Any) -> Asset:
        sha256 = hashlib.sha256(data).hexdigest()
        key = content_key(sha256, extension)
        stores.store().put_bytes(data, key)
        return make.asset(owner, sha256=sha256, key=key, size=len(data), **values)

    return store


@pytest.fixture(autouse=True)
def _forget_files() -> None:
    """Each test begins with an empty database; what the process remembers of the last one's files is forgotten."""
    queries._stored_file.cache_clear()
    queries._picture_file.cache_clear()
