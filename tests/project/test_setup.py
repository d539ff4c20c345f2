"""What happens on somebody's machine between the clone and the first page."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import run

Script = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """``script(name, body)`` puts a shell script first on the path; it stands for a program of the machine."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    def write(name: str, body: str) -> Path:
        path = programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


# ------------------------------------------------------------------------------------------ operating system


def absent(package: str) -> run.Need:
    return run.Need((package,), lambda: False)


def test_nothing_is_asked_of_the_machine_when_everything_is_there(script: Script, tmp_path: Path) -> None:
    script("apt-get", f"echo called >> {tmp_path}/log")
    run.system_packages([run.Need(("ffmpeg",), lambda: True)])
    assert not (tmp_path / "log").exists()


def test_without_administrator_rights_one_sentence_in_each_language_says_what_to_run(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script("sudo", "exit 1")
    script("apt-get", "exit 0")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(run.Stop) as stop:
        run.system_packages([absent("ffmpeg"), absent("fonts-noto-cjk")])
    chinese, english = str(stop.value).splitlines()
    assert chinese.startswith("缺少系统软件 ffmpeg fonts-noto-cjk")
    for sentence in (chinese, english):
        assert "sudo apt-get update && sudo apt-get install -y ffmpeg fonts-noto-cjk" in sentence


def test_a_fresh_machine_without_package_lists_gets_them_first(script: Script, tmp_path: Path) -> None:
    lists, log = tmp_path / "lists", tmp_path / "log"
    script("apt-get", f'echo "$@" >> {log}\ncase "$*" in *update) touch {lists};; *) test -e {lists};; esac')
    run.apt_install([], ["ffmpeg"], pause=0)
    verbs = ["update" if line.endswith("update") else line.split()[-1] for line in log.read_text().splitlines()]
    assert verbs == ["ffmpeg", "update", "ffmpeg"]


def test_apt_that_keeps_failing_ends_in_a_sentence(script: Script) -> None:
    script("apt-get", "exit 100")
    with pytest.raises(run.Stop, match="apt could not install ffmpeg"):
        run.apt_install([], ["ffmpeg"], pause=0)


# ---------------------------------------------------------------------------------------------------- the index


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package index of our own, which the set-up is told to use; it serves a small `uv`."""
    folder, tools = tmp_path / "index", tmp_path / "tools"
    (folder / "simple/uv").mkdir(parents=True)
    tools.mkdir()
    monkeypatch.setattr(run, "TOOLS", tools)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(f"uv-{run.UV_VERSION}.data/scripts/uv", "#!/bin/sh\necho small uv\n")
    for tag, _ in list(run.UV_WHEELS.values()):
        name = f"uv-{run.UV_VERSION}-py3-none-{tag}.whl"
        (folder / name).write_bytes(body.getvalue())
        with (folder / "simple/uv/index.html").open("a") as page:
            page.write(f'<a href="../../{name}#sha256=0">{name}</a><br>\n')
    digest = hashlib.sha256(body.getvalue()).hexdigest()
    monkeypatch.setattr(run, "UV_WHEELS", {key: (tag, digest) for key, (tag, _) in run.UV_WHEELS.items()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_pinned_uv_comes_from_the_index_the_machine_names(index: Path) -> None:
    said = subprocess.run([run.uv()], capture_output=True, text=True, check=True)
    assert said.stdout == "small uv\n"


def test_a_download_that_is_not_what_was_pinned_is_refused(index: Path) -> None:
    for wheel in index.glob("*.whl"):
        wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(run.Stop, match="does not match its pinned hash"):
        run.uv()
    assert list(run.TOOLS.iterdir()) == []


def test_a_mirror_that_lacks_the_wheel_is_named(index: Path) -> None:
    (index / "simple/uv/index.html").write_text("<a href='other.whl'>other.whl</a>")
    with pytest.raises(run.Stop, match="does not have uv-"):
        run.uv()


def test_the_index_of_pips_configuration_is_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example.edu.cn/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert run.package_index() == "https://mirror.example.edu.cn/simple"


# ---------------------------------------------------------------------------------------------------- the stamps


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An invented checkout with one front-end package, which the set-up takes for its own."""
    root = tmp_path / "checkout"
    (root / ".setup").mkdir(parents=True)
    rule = {"vendor": {"player": {"from": "dist", "files": ["*.js", "lang/*.js"]}}}
    (root / "package.json").write_text(json.dumps(rule))
    (root / "package-lock.json").write_text("{}")
    monkeypatch.setattr(run, "ROOT", root)
    monkeypatch.setattr(run, "TOOLS", root / ".setup")
    monkeypatch.setattr(run, "VENDOR", root / "core/web/static/vendor")
    return root


def test_front_end_files_are_copied_once_and_again_when_the_lock_changes(
    checkout: Path, script: Script, tmp_path: Path
) -> None:
    log, player = tmp_path / "log", "node_modules/player"
    made = f"mkdir -p {player}/dist/lang {player}/dist/cjs; cd {player}; touch LICENSE"
    files = "dist/a.js dist/a.js.map dist/lang/zh.js dist/cjs/a.js"
    script("npm", f"echo ci >> {log}; {made}; touch {files}")
    script("node", "exit 0")
    run.front_end()
    run.front_end()
    copied = {str(path.relative_to(run.VENDOR)) for path in run.VENDOR.rglob("*") if path.is_file()}
    assert copied == {"player/a.js", "player/lang/zh.js", "player/LICENSE", ".jinke-setup"}
    assert log.read_text().split() == ["ci"]
    (checkout / "package-lock.json").write_text('{"lockfileVersion": 3}')
    run.front_end()
    assert log.read_text().split() == ["ci", "ci"]


def test_a_failed_npm_leaves_no_stamp_behind(checkout: Path, script: Script) -> None:
    script("npm", "exit 1")
    script("node", "exit 0")
    with pytest.raises(run.Stop, match="npm ci"):
        run.front_end()
    assert not run.VENDOR.exists()


# ----------------------------------------------------------------------------------------------------- the start


@pytest.fixture
def start(tmp_path: Path) -> Callable[[], list[str]]:
    """``start()`` is ``make run`` in an invented checkout; it gives the `jinke` commands that were called."""
    root, log = tmp_path / "checkout", tmp_path / "log"
    program = root / ".venv/bin/jinke"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n'
        'case $1 in init) touch "$JINKE_HOME/secret_key";; '
        f"demo) test ! -e {root}/break;; esac\n"
    )
    program.chmod(0o755)
    (root / "migrations").mkdir()
    begin = (
        f"import run, pathlib, os; run.ROOT = pathlib.Path({str(root)!r}); run.VENV = run.ROOT / '.venv'; "
        f"run.setup = lambda test: None; os.environ['JINKE_HOME'] = {str(tmp_path / 'home')!r}; run.run(8123)"
    )

    def start() -> list[str]:
        log.unlink(missing_ok=True)
        subprocess.run([sys.executable, "-c", begin], cwd=Path(run.__file__).parent, capture_output=True, check=False)
        return log.read_text().splitlines()

    return start


def test_the_first_start_fills_in_the_demo_and_the_second_only_serves(start: Callable[[], list[str]]) -> None:
    assert start() == ["init", "demo", "serve --port 8123"]
    assert start() == ["serve --port 8123"]


def test_an_interrupted_first_start_begins_again(start: Callable[[], list[str]], tmp_path: Path) -> None:
    (tmp_path / "checkout/break").touch()
    assert start() == ["init", "demo"]
    (tmp_path / "checkout/break").unlink()
    assert start() == ["init", "demo", "serve --port 8123"]


def test_a_new_migration_is_applied_before_serving(start: Callable[[], list[str]], tmp_path: Path) -> None:
    start()
    (tmp_path / "checkout/migrations/0002_more.py").write_text("")
    assert start() == ["upgrade", "serve --port 8123"]


def test_a_site_somebody_already_runs_gets_no_demo(start: Callable[[], list[str]], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/secret_key").touch()
    assert start() == ["upgrade", "serve --port 8123"]
