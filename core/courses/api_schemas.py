"""What courses, outlines and runs look like as JSON, and what is taken from those who change them."""

from marshmallow import Schema, fields

from core.courses import kinds
from core.courses.forms import PAGE, PROSE, TITLE, VISIBILITIES
from core.courses.lifecycle import Move
from core.courses.models import CourseState, EnrolmentPolicy, TeamRole
from core.courses.search import FACETS, HOURS, LONGEST_QUESTION, SORTS
from core.courses.subjects import SUBJECTS
from core.courses.words import LANGUAGES, LEVELS
from core.enrolment.models import EnrolmentState
from core.web.api_fields import (
    Amount,
    Body,
    Choice,
    Flag,
    Line,
    Many,
    Moment,
    Paging,
    Part,
    Text,
    Whole,
    between,
    length,
    one_of,
)

VERSION = {"description": "The version that was read; 409 where somebody else saved since"}


class SubjectSchema(Schema):
    """A discipline by which courses are found (专业大类)."""

    code = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "In the reader's language"})


class CatalogueQuery(Paging):
    """The catalogue's filters. Of several values of one filter one must hold; all filters must hold."""

    q = fields.String(validate=length(LONGEST_QUESTION), metadata={"description": "Words in title, summary, teachers"})
    open = fields.List(fields.String(validate=one_of(["1"])), metadata={"description": "One can enrol now"})
    subject = fields.List(fields.String(validate=one_of(SUBJECTS)))
    institution = fields.List(fields.String(validate=length(64, 1)), metadata={"description": "Slugs"})
    level = fields.List(fields.String(validate=one_of(LEVELS)))
    hours = fields.List(fields.String(validate=one_of(HOURS)), metadata={"description": "Credit hours (学时)"})
    certificate = fields.List(fields.String(validate=one_of(["1"])))
    language = fields.List(fields.String(validate=one_of(LANGUAGES)))
    sort = fields.String(load_default="newest", validate=one_of(SORTS))


assert set(FACETS) <= set(CatalogueQuery().fields)  # noqa: S101 - the page and the API filter alike


class CardSchema(Schema):
    """A course in a list."""

    slug = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    institution = fields.String(required=True, metadata={"description": "Name"})
    institution_slug = fields.String(required=True)
    subject = fields.String(required=True, metadata={"description": "Code of the discipline; empty if not chosen"})
    level = fields.String(required=True)
    language = fields.String(required=True, metadata={"description": "Language of instruction, BCP 47"})
    credit_hours = fields.Float(required=True, metadata={"description": "学时"})
    has_certificate = fields.Boolean(required=True)
    lesson_count = fields.Integer(required=True)
    enrolment_count = fields.Integer(required=True)


class TeammateSchema(Schema):
    """Somebody on a course's team, as the course page names them."""

    name = fields.String(required=True)
    role = fields.String(required=True, validate=one_of(TeamRole))
    introduction = fields.String(required=True)


class CourseSchema(CardSchema):
    """A course."""

    description = fields.String(required=True, metadata={"description": "Markdown"})
    outcomes = fields.String(required=True, metadata={"description": "Markdown"})
    audience = fields.String(required=True, metadata={"description": "Markdown"})
    visibility = fields.String(required=True)
    state = fields.String(required=True, validate=one_of(CourseState))
    team = fields.List(fields.Nested(TeammateSchema), required=True)
    version = fields.Integer(required=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True)


class NewCourse(Body):
    """A course to begin."""

    institution = Line(64, 1, required=True, metadata={"description": "Slug of an institution where you may teach"})
    title = Line(TITLE, 1, required=True)
    slug = Line(80, metadata={"description": "Small letters, digits, hyphens; left out, one is chosen"})


class CourseChange(Body):
    """What to change about a course; what is left out stays."""

    version = Whole(required=True, metadata=VERSION)
    title = Line(TITLE, 1)
    slug = Line(80, 1, metadata={"description": "Only before the first publication"})
    summary = Text(300)
    description = Text(PROSE)
    outcomes = Text(PROSE)
    audience = Text(PROSE)
    subject = Choice(["", *SUBJECTS])
    level = Choice(LEVELS)
    language = Choice(LANGUAGES)
    credit_hours = Amount(validate=between(0, 1000))
    has_certificate = Flag()
    visibility = Choice(VISIBILITIES)


class NewMove(Body):
    """A step in a course's life."""

    move = Choice(Move, required=True)
    reason = Text(500, load_default="")


class MoveSchema(Schema):
    """A step that was made."""

    before = fields.String(required=True, validate=one_of(CourseState))
    after = fields.String(required=True, validate=one_of(CourseState))
    actor = fields.String(required=True, allow_none=True, metadata={"description": "Name"})
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class OfferSchema(Schema):
    """A step that you could make now."""

    move = fields.String(required=True, validate=one_of(Move))
    obstacles = fields.List(fields.String(), required=True, metadata={"description": "What stands in its way"})


class LifeSchema(Schema):
    """Where a course stands between draft and archive."""

    state = fields.String(required=True, validate=one_of(CourseState))
    offers = fields.List(fields.Nested(OfferSchema), required=True)
    moves = fields.List(fields.Nested(MoveSchema), required=True, metadata={"description": "Latest first"})


class LessonLineSchema(Schema):
    """A lesson in an outline."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    duration_ms = fields.Integer(required=True)
    is_preview = fields.Boolean(required=True)
    is_required = fields.Boolean(required=True)


class ChapterSchema(Schema):
    """A chapter and its lessons, in order."""

    id = fields.Integer(required=True)
    title = fields.String(required=True)
    version = fields.Integer(metadata={"description": "For those who make the course"})
    lessons = fields.List(fields.Nested(LessonLineSchema), required=True)


class RemovedSchema(Schema):
    """A chapter or lesson that was removed and can be brought back."""

    kind = fields.String(required=True, validate=one_of(["chapter", "lesson"]))
    id = fields.Integer(required=True)
    title = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class OutlineSchema(Schema):
    """Chapters and lessons in order; for those who make the course also what was removed."""

    version = fields.Integer(required=True)
    chapters = fields.List(fields.Nested(ChapterSchema), required=True)
    removed = fields.List(fields.Nested(RemovedSchema))


class PlacedChapter(Body):
    """A chapter and the lessons that shall be in it, by id, in order."""

    id = Whole(required=True)
    lessons = Many(Whole(), 500, required=True)


class NewOrder(Body):
    """The whole order at once."""

    version = Whole(required=True, metadata={"description": "The outline's version that was read"})
    chapters = Many(Part(PlacedChapter), 100, required=True)


class NewChapter(Body):
    """A chapter to add at the end."""

    title = Line(TITLE, 1, required=True)


class ChapterChange(NewChapter):
    """Another title for a chapter."""

    version = Whole(required=True, metadata=VERSION)


class NewLesson(Body):
    """A lesson to add at the end of a chapter."""

    kind = Choice([kind.name for kind in kinds.all_kinds()], required=True)
    title = Line(TITLE, 1, required=True)


class FileSchema(Schema):
    """The file a lesson is made of."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    duration_ms = fields.Integer(required=True)


class LessonSchema(LessonLineSchema):
    """A lesson as those who make the course see it."""

    chapter_id = fields.Integer(required=True)
    body = fields.String(required=True, metadata={"description": "Markdown"})
    version = fields.Integer(required=True)
    file = fields.Nested(FileSchema, required=True, allow_none=True)


class LessonChange(Body):
    """What to change about a lesson; what is left out stays."""

    version = Whole(required=True, metadata=VERSION)
    title = Line(TITLE, 1)
    body = Text(PAGE)
    is_preview = Flag()
    is_required = Flag()


class NewFile(Body):
    """Which uploaded file a lesson is made of."""

    file_id = Whole(required=True, allow_none=True, metadata={"description": "null takes the file off"})


class RunSchema(Schema):
    """A run (开课期次) of a course."""

    id = fields.Integer(required=True)
    title = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    enrolment_opens_at = fields.AwareDateTime(required=True, allow_none=True)
    enrolment_closes_at = fields.AwareDateTime(required=True, allow_none=True)
    capacity = fields.Integer(required=True, allow_none=True, metadata={"description": "null: no limit"})
    seats_taken = fields.Integer(required=True)
    policy = fields.String(required=True, validate=one_of(EnrolmentPolicy))
    version = fields.Integer(required=True)
    enrolment = fields.String(
        required=True, allow_none=True, validate=one_of(EnrolmentState), metadata={"description": "Where you stand"}
    )


class RunListSchema(Schema):
    """A course's runs, the latest first."""

    items = fields.List(fields.Nested(RunSchema), required=True)


class RunChange(Body):
    """What to change about a run; what is left out stays."""

    version = Whole(required=True, metadata=VERSION)
    title = Line(TITLE, 1)
    starts_at = Moment()
    ends_at = Moment(allow_none=True)
    enrolment_opens_at = Moment(allow_none=True)
    enrolment_closes_at = Moment(allow_none=True)
    capacity = Whole(0, 1_000_000, allow_none=True)
    policy = Choice(EnrolmentPolicy)
    code = Line(64, metadata={"description": "Asked for when joining with a code"})


class NewRun(Body):
    """A run to open."""

    title = Line(TITLE, 1, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(allow_none=True, load_default=None)
    enrolment_opens_at = Moment(allow_none=True, load_default=None)
    enrolment_closes_at = Moment(allow_none=True, load_default=None)
    capacity = Whole(0, 1_000_000, allow_none=True, load_default=None)
    policy = Choice(EnrolmentPolicy, load_default=EnrolmentPolicy.OPEN)
    code = Line(64, load_default="")
