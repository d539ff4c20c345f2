"""Assets with bytes behind them."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core.files import stores
from core.files.models import Asset
from media.storage import content_key
from tests.factories import Factory

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
