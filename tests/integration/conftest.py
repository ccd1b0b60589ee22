"""What whole paths share: other people's programs, fetched once a run."""

from pathlib import Path

import pytest

from earwitness.testing.wyoming_satellite import PackageMissingError, install


@pytest.fixture(scope="session")
def satellite_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment with the real ``wyoming-satellite``."""
    try:
        return install(tmp_path_factory.mktemp("wyoming-satellite"))
    except PackageMissingError as error:
        pytest.skip(str(error))
