"""``GET /api/v1/assets/<id>``: for the uploader and the people who work with the file; for nobody else it exists."""

from collections.abc import Callable

from core.courses.models import TeamRole
from tests.client import Client
from tests.conftest import CountQueries
from tests.factories import Factory

Login = Callable[..., Client]


def test_the_uploader_and_the_team_see_what_is_known_of_a_file(
    make: Factory, login: Login, count_queries: CountQueries
) -> None:
    course, uploader, assistant = make.course(), make.user(), make.user()
    make.teammate(course, assistant, TeamRole.ASSISTANT)
    asset = make.asset(course, uploader_id=uploader.id, details={"warnings": [{"code": "truncated", "params": {}}]})
    make.lesson(course, kind="video", asset_id=asset.id)
    for person in (uploader, assistant):
        with count_queries() as statements:
            answer = login(person).get(f"/api/v1/assets/{asset.id}")
        assert answer.status_code == 200
        assert len(statements) <= 8
    told = answer.get_json()
    assert (told["id"], told["state"], told["duration_ms"], told["reason"]) == (asset.id, "ready", 60_000, "")
    assert "不完整" in told["warnings"][0]


def test_for_everybody_else_there_is_no_such_file(make: Factory, login: Login, client: Client) -> None:
    institution = make.institution()
    course = make.course(institution)
    asset = make.asset(course)
    make.lesson(course, kind="video", asset_id=asset.id)
    foreign_teacher = make.user()
    make.course(leader=foreign_teacher)
    student = make.member(institution)
    for person in (foreign_teacher, student, make.member(make.institution(), "administrator")):
        assert login(person).get(f"/api/v1/assets/{asset.id}").status_code == 404
    assert login(make.member(institution, "administrator")).get(f"/api/v1/assets/{asset.id}").status_code == 200
    assert client.get(f"/api/v1/assets/{asset.id}").status_code == 401
    assert login(student).get("/api/v1/assets/999999").status_code == 404


def test_a_failed_file_says_why(make: Factory, login: Login) -> None:
    uploader, course = make.user(), make.course()
    reason = {"code": "unplayable_video_codec", "params": {}}
    asset = make.asset(course, uploader_id=uploader.id, state="failed", reason=reason)
    assert "H.264" in login(uploader).get(f"/api/v1/assets/{asset.id}").get_json()["reason"]
