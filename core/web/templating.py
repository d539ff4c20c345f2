"""Jinja's environment, with imports between templates made cheap."""

from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment


class SharedGlobals(Environment):
    """All templates see one map of globals, the environment's own.

    Jinja gives each template a chain of maps, and at every ``{% from … import … %}`` of every page compares the names
    of all links of the chain one by one: a tenth of what rendering costs, for globals of single templates that nobody
    has.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's globals, unless a template is given some of its own."""
        return super().make_globals(d) if d else self.globals


def init_app(app: Flask) -> None:
    """Takes the place of the environment, before anybody has asked for it."""
    app.jinja_environment = SharedGlobals
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
