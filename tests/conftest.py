"""Where tests find the shared reference data, and what they do without it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Return the folder of the reference data: $FLUXION_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("FLUXION_SHARED", ROOT.parent / "shared"))


def require_shared(name: str) -> Path:
    """Return a file or folder of the reference data; skip the test, saying so, if it is absent."""
    path = shared_folder() / name
    if not path.exists():
        pytest.skip(f"reference data not found: {path} (set FLUXION_SHARED)")
    return path


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The reference's own test data."""
    return require_shared("conformance")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The recorded differential cases."""
    return require_shared("corpus")
