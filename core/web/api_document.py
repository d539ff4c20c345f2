"""What the OpenAPI document says of every operation alike: its name, who may call it, and how it refuses."""

from http import HTTPStatus
from typing import Any

from apispec import BasePlugin

from core.errors import TITLES

PUBLIC: dict[str, Any] = {"security": [{}, {"token": []}, {"session": []}]}
"""For ``@bp.doc(**PUBLIC)``: visitors may call it; who says who they are may see more."""

PERSONAL: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]

ALWAYS = (401, 429, 500, 503)
WITH_NAMES = (404, 405)
WITH_INPUT = (422,)
WITH_PERSON = (403, 409)
WITH_BODY = (413, 415)
WRITING = (400, 403, 409, 422)

SLUG = {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80}

INTRODUCTION = """
Courses, runs, enrolments and verified progress of this site, as JSON.

**Who is asking.** Programs send `Authorization: Bearer <token>`; people make tokens on their account page, which may
only read unless made otherwise. Pages of this site use the session cookie; with it every request that changes something
must also carry the page's CSRF token in the header `X-CSRFToken` (a token in `Authorization` needs none, as no other
site can make a browser send it). What is private to an institution does not exist for others: 404.

**Lists** come in pieces. `next` in the body, and `Link: <…>; rel="next"`, lead to the next one; it is null after the
last. Rows added meanwhile do not shift the pieces.

**Saving** needs the `version` that was read. Where somebody else saved since, the answer is 409 with `newer`, their
values, and `version`, theirs; sending that version replaces them.

**Refusals** are `application/problem+json` (RFC 9457). `detail` is a sentence in the language asked for with
`Accept-Language` (`zh-CN`, `en`); `errors` holds sentences by field.
""".strip()


def description() -> dict[str, Any]:
    """The document's head and the parts that operations refer to."""
    return {
        "info": {"description": INTRODUCTION},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "From the account page"},
                "session": {"type": "apiKey", "in": "cookie", "name": "jinke_session", "description": "Of a browser"},
            },
            "schemas": {"Problem": _PROBLEM},
            "responses": {f"Problem{status}": _response(status) for status in TITLES},
        },
        "security": PERSONAL,
    }


class Contract(BasePlugin):
    """Fills in what blueprints need not repeat."""

    def path_helper(self, path: Any = None, operations: Any = None, parameters: Any = None, **options: Any) -> None:
        """Names operations after their endpoints and says what slugs look like."""
        for method in operations or {}:
            operations[method].setdefault("operationId", options["rule"].endpoint.replace(".", "_"))
        for parameter in parameters or ():
            if isinstance(parameter, dict) and parameter["name"].endswith("_slug"):
                parameter["schema"] = {**parameter.get("schema", {}), **SLUG}

    def operation_helper(self, path: Any = None, operations: Any = None, **options: Any) -> None:
        """Adds the refusals that an operation of its method can answer with."""
        for method, operation in (operations or {}).items():
            statuses = set(ALWAYS)
            if "{" in str(path):
                statuses.update(WITH_NAMES)
            if method in {"post", "put", "patch", "delete"}:
                statuses.update(WRITING)
            if "requestBody" in operation:
                statuses.update(WITH_BODY)
            if operation.get("parameters"):
                statuses.update(WITH_INPUT)
            if operation.get("security") != PUBLIC["security"]:
                statuses.update(WITH_PERSON)
            responses = operation.setdefault("responses", {})
            responses.pop("default", None)
            responses.update({str(status): f"Problem{status}" for status in sorted(statuses)})
            responses.pop(422, None)


def _response(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Why the request was refused (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What happened and what to do, in the reader's language"},
        "field": {"type": "string", "description": "The field that `detail` is about"},
        "errors": {"type": "object", "description": "Field → sentences; for fields inside fields, objects of them"},
        "version": {"type": ["integer", "null"], "description": "With 409: the version that is newer than yours"},
        "newer": {"type": "object", "description": "With 409: the values that somebody else saved"},
        "incident": {"type": "string", "description": "With 500 and 503: the number under which operators find it"},
    },
}
