"""What the living page of components shows: a form with every kind of field, and people, courses and events made up."""

from dataclasses import dataclass
from datetime import timedelta

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired

from core import clock
from core.i18n import _, _l, format_datetime


class SwitchField(BooleanField):
    """A yes or no that is drawn as a switch."""


class SampleForm(FlaskForm):  # type: ignore[misc]
    """One field of each kind."""

    title = StringField(_l("Title"), [DataRequired()])
    email = EmailField(_l("E-mail"), [DataRequired()])
    password = PasswordField(_l("Password"))
    summary = TextAreaField(_l("Summary"))
    level = SelectField(
        _l("Level"), choices=[SelectChoice("open", _l("Open to all")), SelectChoice("vocational", _l("Vocational"))]
    )
    enrolment = RadioField(
        _l("Enrolment"), choices=[SelectChoice("open", _l("Open to everyone")), SelectChoice("code", _l("With a code"))]
    )
    terms = BooleanField(_l("Send me a mail when a lesson is added"))
    seeking = SwitchField(_l("Students may skip ahead"))
    picture = FileField(_l("Picture"))


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """A line of the timeline."""

    text: str
    actor: str
    iso: str
    exact: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A person of the matrix; each cell is a state, the sign in its square and the words behind it."""

    name: str
    note: str
    url: str
    cells: list[tuple[str, str, str]]


COURSES = (
    (0, "宋代山水画鉴赏", "江州师范学院", 16, 12840),
    (1, "高等数学：极限与连续", "临海理工大学", 24, 38211),
    (2, "数据结构与算法", "北川信息职业学院", 32, 21076),
    (4, "茶叶加工与审评：从鲜叶到杯中的一百二十道细节与三十种常见缺陷", "武阳职业技术学院", 20, 3418),
)
PEOPLE = ("林若溪", "陈思远", "王子涵", "Emily Carter")
LESSONS = 12


def samples() -> dict[str, object]:
    """The context of the page."""
    form = SampleForm(formdata=None, meta={"csrf": False}, title="宋代山水画鉴赏", enrolment="open", seeking=True)
    wrong = SampleForm(formdata=None, prefix="wrong-", meta={"csrf": False}, email="ruoxi.example.cn")
    wrong.email.errors = [_("An e-mail address contains an @: check this one.")]
    columns = [(f"1.{number}", _("Lesson 1.%(number)s", number=number), "#matrix") for number in range(1, LESSONS + 1)]
    rows = [SampleRow(name, f"{done * 100 // LESSONS} %", "#matrix", _cells(done)) for name, done in _progress()]
    return {
        "form": form,
        "wrong": wrong,
        "courses": COURSES,
        "people": PEOPLE,
        "columns": columns,
        "rows": rows,
        "events": _events(),
        "page_url": "?page={}".format,
    }


def _progress() -> list[tuple[str, int]]:
    return list(zip(PEOPLE, (10, 7, 4, 0), strict=True))


def _cells(done: int) -> list[tuple[str, str, str]]:
    cells = [("done", "✓", _("Completed"))] * done
    cells += [("stuck", "!", _("Stuck for 9 days at 43 %"))] if done == 4 else [("part", "43", "43 %")]
    return cells + [("none", "·", _("Not started"))] * (LESSONS - len(cells))


def _events() -> list[SampleEvent]:
    now = clock.now()
    told = [
        (_("Published"), "顾怀瑾", timedelta(hours=2), ""),
        (_("Sent back to the authors"), "沈书言", timedelta(days=1), _("The captions of lesson 2.3 are missing.")),
        (_("Submitted for review"), "陆知微", timedelta(days=2), ""),
    ]
    return [
        SampleEvent(text, actor, (now - ago).isoformat(), format_datetime(now - ago), reason)
        for text, actor, ago, reason in told
    ]
