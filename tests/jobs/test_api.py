"""Who sees which task through the API, and what they may do with it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core.cli import cli
from core.db import db
from core.jobs.models import Job, JobState
from core.jobs.runner import work_off
from core.jobs.service import enqueue
from tests.client import Client
from tests.factories import Factory
from tests.jobs.conftest import reloaded

pytestmark = pytest.mark.usefixtures("rows_to_apply")
Login = Callable[..., Client]


def _job_of(user: Any, kind: str = "test.increment", **values: Any) -> Job:
    job = enqueue(kind, {"number": 0}, user_id=user.id, **values)
    db.session.commit()
    return job


def test_the_owner_reads_where_the_task_stands(app: Flask, make: Factory, login: Login) -> None:
    owner = make.user()
    job = _job_of(owner)
    client = login(owner)

    waiting = client.get(f"/api/v1/jobs/{job.id}", headers={"Accept-Language": "zh"})
    assert waiting.status_code == 200
    assert waiting.json is not None
    assert (waiting.json["state"], waiting.json["sentence"]) == ("waiting", "排队中，马上就轮到")

    work_off(app)
    done = client.get(f"/api/v1/jobs/{job.id}", headers={"Accept-Language": "en"}).json
    assert done is not None
    assert (done["state"], done["progress"], done["language"]) == ("done", 1000, "en")


def test_for_others_the_task_does_not_exist(app: Flask, make: Factory, login: Login) -> None:
    institution, elsewhere = make.institution(), make.institution()
    job = _job_of(make.user(), institution_id=institution.id)
    address = f"/api/v1/jobs/{job.id}"

    assert app.test_client().get(address).status_code == 401
    assert login(make.user()).get(address).status_code == 404
    assert login(make.member(elsewhere, "administrator")).get(address).status_code == 404
    assert login(make.member(institution, "instructor")).get(address).status_code == 404
    assert login(make.member(institution, "administrator")).get(address).status_code == 200
    assert login(make.user(is_operator=True)).get(address).status_code == 200


@pytest.mark.parametrize("job_id", ["0", "999999", str(2**70)])
def test_a_task_that_never_was_is_not_found(job_id: str, make: Factory, login: Login) -> None:
    assert login(make.user()).get(f"/api/v1/jobs/{job_id}").status_code == 404


def test_the_owner_calls_it_off_and_starts_it_again(app: Flask, make: Factory, login: Login) -> None:
    owner = make.user()
    job = _job_of(owner)
    client = login(owner)

    def post(act: str) -> str:
        answer = client.post(f"/api/v1/jobs/{job.id}/{act}", headers=client.csrf())
        assert answer.json is not None
        return str(answer.json["state"])

    assert post("cancel") == "cancelled"
    assert work_off(app) == 0
    assert post("retry") == "waiting"
    assert work_off(app) == 1
    assert reloaded(job).state == JobState.DONE


def test_a_failure_names_its_reason_in_the_readers_language(app: Flask, make: Factory, login: Login) -> None:
    owner = make.user()
    job = _job_of(owner, kind="nobody.knows")
    work_off(app)

    sentence = login(owner).get(f"/api/v1/jobs/{job.id}").json["sentence"]  # type: ignore[index]

    assert "nobody.knows" in sentence
    assert "失败" in sentence


def test_the_operator_lists_and_handles_tasks_on_the_command_line(app: Flask, make: Factory) -> None:
    job = _job_of(make.user())
    runner = app.test_cli_runner()

    def jinke(*arguments: str) -> Any:
        ended = runner.invoke(cli, ["jobs", *arguments])
        assert ended.exit_code == 0, ended.output
        return ended.output

    listed = json.loads(jinke("list", "--json"))
    assert [(one["id"], one["state"]) for one in listed["jobs"]] == [(job.id, "waiting")]
    assert listed["counts"]["waiting"] == 1
    jinke("cancel", str(job.id))
    assert json.loads(jinke("list", "--state", "cancelled", "--json"))["jobs"][0]["id"] == job.id
    jinke("retry", str(job.id))
    assert reloaded(job).state == JobState.WAITING
    assert runner.invoke(cli, ["jobs", "retry", "999"]).exit_code == 1
