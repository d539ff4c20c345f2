"""A person with a token (or a visitor) who speaks tus."""

import base64
from typing import Any

from core.courses.models import Course, Lesson
from core.db import db
from core.users.models import ApiToken, User
from core.users.tokens import fast_hash, new_token
from tests.client import Client

PIECE = {"Content-Type": "application/offset+octet-stream"}


def token_of(user: User) -> str:
    """A new token of this person that may write."""
    token = new_token("jk_")
    db.session.add(ApiToken(user_id=user.id, name="upload", token_hash=fast_hash(token), read_only=False))
    db.session.commit()
    return token


def metadata(**values: str) -> str:
    """``Upload-Metadata``."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


class Uploader:
    """Sends pieces of files; every method answers the raw response."""

    def __init__(self, client: Client, user: User | None) -> None:
        self._client = client
        self._headers = {"Tus-Resumable": "1.0.0", "Accept-Language": "zh-CN"}
        self._headers |= {"Authorization": f"Bearer {token_of(user)}"} if user else client.csrf()

    def create(self, course: Course, length: object, lesson: Lesson | None = None, **values: str) -> Any:
        told = metadata(filename="第一讲.mp4", **values, **({"lesson_id": str(lesson.id)} if lesson else {}))
        headers = {"Upload-Length": str(length), "Upload-Metadata": told}
        return self.ask("POST", f"/files/uploads/{course.slug}", headers=headers)

    def send(self, address: str, offset: object, data: bytes, **headers: str) -> Any:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("PATCH", address, headers={**PIECE, "Upload-Offset": str(offset), **headers}, data=data)

    def whole(self, course: Course, data: bytes, lesson: Lesson | None = None, name: str = "第一讲.mp4") -> str:
        """Uploads everything at once; returns the upload's id."""
        told = metadata(filename=name, **({"lesson_id": str(lesson.id)} if lesson else {}))
        headers = {"Upload-Length": str(len(data)), "Upload-Metadata": told}
        created = self.ask("POST", f"/files/uploads/{course.slug}", headers=headers)
        assert created.status_code == 201, created.text
        address = created.headers["Location"]
        assert self.send(address, 0, data).status_code == 204
        return str(address).rsplit("/", 1)[1]

    def offset(self, address: str) -> int:
        return int(self.ask("HEAD", address).headers["Upload-Offset"])

    def ask(self, method: str, address: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        sent = {**self._headers, **(headers or {})}
        sent = {name: value for name, value in sent.items() if value}
        return self._client.open(address, method=method, headers=sent, **more)
