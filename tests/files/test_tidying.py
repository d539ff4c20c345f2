"""What killed processes and people who gave up leave behind is found and ended; what is in use is never touched."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from core import clock
from core.config import Settings
from core.courses.models import Course, Lesson
from core.db import db
from core.files import finishing, jobs, pictures, service, stores, tidying
from core.files.models import Asset, Upload, UploadState
from core.jobs.models import Job, JobState
from core.jobs.runner import work_off
from core.tenancy import across_institutions
from media.storage import StorageFull
from tests.client import Client
from tests.factories import Factory
from tests.files.test_finishing import PDF
from tests.files.test_pictures import _photo, _stored
from tests.files.tus_client import Uploader
from tests.jobs.workers import ROOT


@pytest.fixture
def course(make: Factory) -> Course:
    return make.course(leader=make.user())


@pytest.fixture
def lesson(make: Factory, course: Course) -> Lesson:
    return make.lesson(course, kind="document", asset_id=None)


@pytest.fixture
def uploader(client: Client, make: Factory, course: Course) -> Uploader:
    teacher = make.user()
    make.teammate(course, teacher)
    return Uploader(client, teacher)


class _Context:
    """A job's context that has nothing to say."""

    def checkpoint(self) -> None:
        pass


def _tend() -> None:
    tidying.tend({})
    db.session.commit()


def _sweep() -> None:
    tidying.sweep({}, _Context())  # type: ignore[arg-type]


def _upload(upload_id: str) -> Upload | None:
    with across_institutions("a test"):
        return db.session.get(Upload, upload_id, populate_existing=True)


def _assets() -> list[Asset]:
    db.session.expire_all()
    return list(db.session.scalars(select(Asset)))


KILLED = """
import os, signal, sys
from core.app import create_app
from core.files import jobs
from core.jobs import rows
from core.jobs.runner import work_off
from media.local import LocalStorage
from tests.conftest import TEST_SETTINGS

def die(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

home, url, where = sys.argv[1:]
app = create_app(home=home, database_url=url, **TEST_SETTINGS)
owner, name = {"move": (LocalStorage, "put_file"), "row": (jobs, "_conclude"), "end": (rows, "finish")}[where]
setattr(owner, name, die)
work_off(app)
"""


@pytest.mark.parametrize("where", ["move", "row", "end"])
def test_a_worker_killed_at_any_step_leaves_a_job_that_ends_well(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, where: str
) -> None:
    upload_id = uploader.whole(course, PDF, lesson, "讲义.pdf")
    settings: Settings = app.extensions["jinke"]
    db.session.commit()
    command = [sys.executable, "-c", KILLED, str(settings.home), settings.database_url, where]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert where == "end" or _assets() == []
    db.session.commit()

    with clock.shifted(timedelta(minutes=5)):
        # As the reaper does when a lease has lapsed.
        waiting = {"state": JobState.WAITING, "owner": None, "lease_until": None}
        db.session.execute(update(Job).where(Job.state == JobState.RUNNING).values(waiting))
        db.session.commit()
        work_off(app)

    upload = _upload(upload_id)
    assert upload is not None
    assert upload.state == UploadState.DONE
    (asset,) = _assets()
    path = stores.store().local_path(asset.key)
    assert path is not None
    assert path.read_bytes() == PDF
    with across_institutions("a test"):
        assert db.session.get_one(Lesson, lesson.id, populate_existing=True).asset_id == asset.id
    assert list(stores.spool()._folder.glob(f"{upload_id}*")) == []


def test_a_last_answer_that_was_lost_is_made_up_for(app: Flask, uploader: Uploader, course: Course) -> None:
    address = str(uploader.create(course, len(PDF)).headers["Location"])
    upload_id = address.rsplit("/", 1)[1]
    stores.spool().path(upload_id).write_bytes(PDF)  # killed between the last byte and the row
    assert uploader.offset(address) == len(PDF)
    _tend()
    work_off(app)
    upload = _upload(upload_id)
    assert upload is not None
    assert upload.state == UploadState.DONE


def test_a_full_disk_is_tried_again_and_nothing_is_lost(
    app: Flask, uploader: Uploader, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = uploader.whole(course, PDF)
    db.session.commit()

    def full(*_arguments: object, **_options: object) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(finishing, "take", full)
        work_off(app)
    upload = _upload(upload_id)
    assert upload is not None
    assert upload.state == UploadState.FINISHING
    assert stores.spool().path(upload_id).read_bytes() == PDF
    db.session.commit()
    with clock.shifted(timedelta(hours=1)):
        work_off(app)
    assert len(_assets()) == 1


def test_a_job_that_failed_for_good_is_told_to_the_uploader(app: Flask, uploader: Uploader, course: Course) -> None:
    upload_id = uploader.whole(course, PDF)
    ended = {"state": JobState.FAILED, "unique_key": None}
    db.session.execute(update(Job).where(Job.unique_key == service.job_key(upload_id)).values(ended))
    db.session.commit()
    _tend()
    state = uploader.ask("GET", f"/files/uploads/{upload_id}/state").get_json()
    assert state["state"] == "failed"
    assert "重新上传" in state["sentence"]


def test_expired_uploads_go_with_their_bytes_and_living_ones_stay(uploader: Uploader, course: Course) -> None:
    old = str(uploader.create(course, 10).headers["Location"])
    with clock.shifted(timedelta(days=4)):
        young = str(uploader.create(course, 10).headers["Location"])
    with clock.shifted(timedelta(days=7, hours=1)):
        _tend()
        assert uploader.ask("HEAD", old).status_code == 404
        assert uploader.ask("HEAD", young).status_code == 200
    assert list(stores.spool()._folder.glob(f"{old.rsplit('/', 1)[1]}*")) == []


def test_what_became_of_an_upload_is_remembered_for_a_month(app: Flask, uploader: Uploader, course: Course) -> None:
    upload_id = uploader.whole(course, PDF)
    db.session.commit()
    work_off(app)
    with clock.shifted(timedelta(days=29)):
        _tend()
        assert _upload(upload_id) is not None
    with clock.shifted(timedelta(days=31)):
        _tend()
        assert _upload(upload_id) is None
    assert len(_assets()) == 1


def _age(path: Path, by: timedelta) -> None:
    moment = (clock.now() - by).timestamp()
    os.utime(path, (moment, moment))


def test_objects_without_an_asset_are_swept_after_a_day_and_no_others(app: Flask, make: Factory) -> None:
    storage = stores.store()
    picture = _stored(app, _photo())
    asset = make.asset(make.course(), key="aa/bb/used.mp4", sha256="a" * 64)
    orphan, fresh = "aa/bb/orphan.mp4", "aa/bb/fresh.mp4"
    for key in (asset.key, orphan, fresh):
        storage.put_bytes(b"x", key)
    for key in list(storage.keys()):
        if key != fresh:
            path = storage.local_path(key)
            assert path is not None
            _age(path, timedelta(days=2))
    kept = {asset.key, fresh, *(each["key"] for each in picture.details["variants"])}

    with stores.being_filled():
        _sweep()
        assert storage.exists(orphan), "while an upload is being finished nothing is swept"
    _sweep()
    assert not storage.exists(orphan)
    assert kept <= set(storage.keys())


def test_half_made_files_of_killed_workers_are_removed(app: Flask) -> None:
    root = app.extensions["jinke"].upload_root
    stores.spool()
    old, young = root / f"{finishing.SCRATCH}old", root / f"{finishing.SCRATCH}young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "playable.mp4").write_bytes(b"x")
    _age(old, timedelta(days=2))
    _tend()
    assert not old.exists()
    assert young.exists()
    (young / "playable.mp4").unlink()
    young.rmdir()


def test_the_handlers_are_known_to_workers() -> None:
    from core.jobs.registry import handlers, periods

    assert handlers[service.FINISH].function is jobs.finish
    assert {"files.tend", "files.sweep"} <= periods.keys()


def test_a_picture_is_served_after_a_sweep(app: Flask, client: Client) -> None:
    picture = _stored(app, _photo())
    for key in list(stores.store().keys()):
        path = stores.store().local_path(key)
        assert path is not None
        _age(path, timedelta(days=2))
    _sweep()
    with app.test_request_context():
        url = pictures.picture_url(picture, 640)
    assert client.get(url).status_code == 200
