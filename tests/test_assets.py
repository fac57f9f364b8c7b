"""The page is found in a wheel and in a clone."""

import pytest

from imagine.assets import static_dir
from imagine.errors import StorageError


def test_a_wheel_carries_the_page_inside_the_package(tmp_path):
    inside, beside = tmp_path / "imagine" / "static", tmp_path / "static"
    beside.mkdir()
    assert static_dir(tmp_path / "imagine") == beside
    inside.mkdir(parents=True)
    assert static_dir(tmp_path / "imagine") == inside


def test_this_installation_has_its_page():
    assert (static_dir() / "index.html").is_file()


def test_a_missing_page_is_told(tmp_path):
    with pytest.raises(StorageError, match="missing"):
        static_dir(tmp_path / "imagine")
