"""``jinke serve``: the whole site with one command."""

import http.client
import socket
import sys
import time
from functools import partial

import click

from core import schema
from core.app import create_app
from core.config import Settings, load_settings
from core.i18n import _
from core.jobs.worker import Worker, run_until_signalled
from core.server.supervisor import Program, Supervisor, run_once
from core.server.web import Site

BACKLOG = 2048


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free port.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Requests at a time. Default: setting web_threads.")
@click.option("--no-worker", is_flag=True, help="Do not run jobs here; `jinke worker` does.")
def serve_command(host: str, port: int, threads: int | None, no_worker: bool) -> None:
    """Serves the site and runs its jobs until Ctrl-C. Prints the address as soon as the site answers."""
    settings = load_settings()
    create_app(settings)  # for what it imports: every child begins with all of it, at a start and after a death
    status = run_once(partial(_check, settings))
    if status:
        sys.exit(status)
    listener = _listen(host, port)
    address = listener.getsockname()[:2]
    programs = [
        Program("web", partial(_web, listener.fileno(), threads or settings.web_threads, settings), essential=True),
        Program("herald", partial(_announce, settings, address), once=True),
    ]
    if not no_worker:
        programs.append(Program("worker", partial(_worker, settings)))
    sys.exit(Supervisor(programs, say=partial(click.echo, err=True)).run())


def _check(settings: Settings) -> None:
    """Ends with status 1 and a sentence where serving would only produce errors."""
    app = create_app(settings)
    with app.app_context():
        if not schema.is_current():
            raise SystemExit(_complain(_("The database is not up to date. Run `jinke upgrade`, then start again.")))


def _complain(sentence: str) -> int:
    click.echo(f"jinke: {sentence}", err=True)
    return 1


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise click.ClickException(f"{host}:{port}: {error.strerror}") from error


def _web(listener_fd: int, threads: int, settings: Settings) -> None:
    Site(settings, socket_fd=listener_fd, threads=threads).run()


def _worker(settings: Settings) -> None:
    run_until_signalled(Worker(create_app(settings), threads=settings.worker_threads))


def _announce(settings: Settings, address: tuple[str, int]) -> None:
    """Waits for the first answer and tells the operator where the site is."""
    host, port = address
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here, only compared
    while not _answers(near, port):
        time.sleep(0.2)
    url = f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"
    with create_app(settings).app_context():
        click.echo(_("Jinke is running at %(address)s (Ctrl-C stops it)", address=url))


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("HEAD", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


commands: list[click.Command] = [serve_command]
