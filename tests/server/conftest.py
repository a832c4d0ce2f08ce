from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.driver import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path)
    yield found
    found.end()
