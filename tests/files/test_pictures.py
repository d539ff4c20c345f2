"""Covers, logos and avatars on their way in and out."""

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.datastructures import FileStorage

from core.db import db
from core.errors import Invalid
from core.files import pictures, stores
from core.files.models import Asset
from tests.conftest import CountQueries
from tests.factories import Factory


def _photo(width: int = 2000, height: int = 1000, colour: str = "red") -> BytesIO:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    target = BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "JPEG", exif=exif)
    target.seek(0)
    return target


def _stored(app: Flask, file: BytesIO, kind: pictures.Kind = "cover", name: str = "封面.jpg") -> Asset:
    with app.test_request_context():
        asset = pictures.store_picture(
            FileStorage(file, filename=name), kind=kind, institution_id=None, uploader_id=None
        )
        db.session.commit()
        return asset


def _url(app: Flask, asset: Asset | int, size: int) -> str:
    with app.test_request_context():
        return pictures.picture_url(asset, size)


@pytest.mark.parametrize(
    ("size", "served"), [(300, (640, 360)), (640, (640, 360)), (900, (1280, 720)), (9000, (1280, 720))]
)
def test_a_cover_is_served_in_the_size_that_fits(
    app: Flask, client: FlaskClient, size: int, served: tuple[int, int]
) -> None:
    answer = client.get(_url(app, _stored(app, _photo()), size))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(BytesIO(answer.data)).size == served


def test_an_avatar_is_square_and_nothing_of_the_original_is_left(app: Flask, client: FlaskClient) -> None:
    asset = _stored(app, _photo(), "avatar")
    data = client.get(_url(app, asset.id, 48)).data
    assert Image.open(BytesIO(data)).size == (256, 256)
    assert b"taken at home" not in data
    assert (asset.name, asset.media_type, asset.width) == ("封面.jpg", "image/webp", 256)
    assert stores.store().size(asset.key) == asset.size


def test_the_address_cannot_be_guessed(app: Flask, client: FlaskClient) -> None:
    asset = _stored(app, _photo())
    right = _url(app, asset, 640)
    assert client.get(right).status_code == 200
    seal = right.split("-")[1].split("/")[0]
    assert client.get(right.replace(seal, "0" * 16)).status_code == 404
    assert client.get(right.replace(seal, "密封")).status_code == 404
    assert client.get(right.replace("640", "641")).status_code == 404


def test_a_file_that_is_no_picture_is_refused_in_words_and_leaves_nothing(app: Flask) -> None:
    for wrong in (b"", b"%PDF-1.7 hello", b"GIF89a"):
        with pytest.raises(Invalid) as refused:
            _stored(app, BytesIO(wrong), "logo")
        assert refused.value.field == "logo"
        assert str(refused.value.sentence)
    assert db.session.query(Asset).count() == 0


def test_the_next_reader_costs_no_statement(
    app: Flask, client: FlaskClient, make: Factory, count_queries: CountQueries
) -> None:
    url = _url(app, _stored(app, _photo()), 640)
    client.get(url)
    with count_queries() as statements:
        client.get(url)
    assert statements == []
