import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import SHARED


def sample(*parts: str) -> Path:
    """A real file of the shared samples; the test is skipped where the samples are not on this machine."""
    path = SHARED.joinpath("samples", *parts)
    if not path.exists():
        pytest.skip(f"{path} is missing: point JINKE_SHARED at the folder of shared samples")
    return path


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: the kernel then refuses as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Clips:
    """Tiny films and sounds made on the spot, each once a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str, *arguments: str, seconds: float = 2, video: bool = True, audio: bool = True) -> Path:
        """A clip called ``name``, whose ending decides the container; ``arguments`` are ffmpeg's."""
        path = self._folder / name
        if not path.exists():
            inputs = []
            if video:
                inputs += ["-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=10:duration={seconds}"]
            if audio:
                inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
            command = ["ffmpeg", "-nostdin", "-v", "error", *inputs, *arguments, str(path)]
            subprocess.run(command, check=True)
        return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("clips"))
