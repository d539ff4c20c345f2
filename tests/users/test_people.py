"""Making people one at a time."""

import pytest
from flask import Flask

from core.db import db
from core.errors import Conflict
from core.users.service import create_person


def test_two_people_without_a_user_name_are_two_people(app: Flask) -> None:
    first = create_person(name="甲", email="a@example.cn")
    second = create_person(name="乙", email="b@example.cn")
    db.session.commit()
    assert first.id != second.id


@pytest.mark.parametrize("again", [{"email": "A@example.cn"}, {"username": "zhang"}])
def test_a_taken_address_or_name_is_said(app: Flask, again: dict[str, str]) -> None:
    create_person(name="甲", email="a@example.cn", username="zhang")
    db.session.commit()
    with pytest.raises(Conflict):
        create_person(name="乙", **again)  # type: ignore[arg-type]
