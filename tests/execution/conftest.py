import pytest

from tests.execution.driver import Lives


@pytest.fixture
def lives(tmp_path):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    made = Lives(tmp_path)
    yield made
    made.end()
