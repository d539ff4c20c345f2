import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("JINKE_SHARED", Path(__file__).parents[3] / "shared"))


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
