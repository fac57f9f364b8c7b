"""Wildcard files: bounded, kept within their folder, and read again when they change."""

import logging
import os
import sys
from pathlib import Path

import pytest

from imagine import wildcards
from imagine.wildcards import Wildcards, find_files, read_files


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def loaded(folder: Path) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    complaints: list[str] = []
    files = tuple(find_files(folder, complaints.append))
    return dict(read_files(folder, files, complaints.append)), complaints


def test_a_file_is_a_name_and_its_lines(tmp_path):
    write(tmp_path, "animals.txt", "\ufeff# all of them\nred fox\r\n\n  wolf  \nred fox\n#x\n")
    write(tmp_path, "animals/wild.TXT", "lion")
    write(tmp_path, "notes.md", "no wildcard")
    assert loaded(tmp_path) == ({"animals": ("red fox", "wolf"), "animals/wild": ("lion",)}, [])


def test_a_folder_need_not_be_there(tmp_path):
    assert loaded(tmp_path / "none") == ({}, [])
    assert Wildcards(tmp_path / "none").current() == {}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a b.txt", "x", "its name may have letters, digits, -, _ and folders only"),
        ("a__b.txt", "x", "its name may have letters, digits, -, _ and folders only"),
        ("latin.txt", b"caf\xe9", "it is not UTF-8"),
        ("blank.txt", "\n# nothing\n", "it has no lines"),
        ("many.txt", "\n".join(map(str, range(10_001))), "it has more than 10,000 lines"),
        ("large.txt", b"x" * 1_000_001, "it has more than 1 MB"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_others_stay(tmp_path, name, text, reason):
    path = write(tmp_path, name, text)
    write(tmp_path, "good.txt", "x")
    assert loaded(tmp_path) == (
        {"good": ("x",)},
        [f"The wildcard file {path} stayed out: {reason}."],
    )


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_never_leads_out_of_the_folder(tmp_path):
    secret = write(tmp_path, "secret.txt", "password")
    folder = tmp_path / "wildcards"
    inside = write(folder, "real.txt", "x")
    (folder / "out.txt").symlink_to(secret)
    (folder / "same.txt").symlink_to(inside)
    (folder / "up").symlink_to(tmp_path)
    (folder / "gone.txt").symlink_to(tmp_path / "none.txt")
    lines, complaints = loaded(folder)
    assert lines == {"real": ("x",), "same": ("x",)}
    assert any("leads out of the folder" in complaint for complaint in complaints)
    assert any("gone.txt cannot be read" in complaint for complaint in complaints)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    assert loaded(tmp_path)[0] == {}


def test_files_and_bytes_have_bounds(tmp_path, monkeypatch):
    for number in range(4):
        write(tmp_path, f"w{number}.txt", "xx")
    monkeypatch.setattr(wildcards, "MOST_FILES", 3)
    lines, complaints = loaded(tmp_path)
    assert list(lines) == ["w0", "w1", "w2"]
    assert "the rest stayed out" in complaints[0]
    monkeypatch.setattr(wildcards, "MOST_BYTES_TOGETHER", 5)
    assert list(loaded(tmp_path)[0]) == ["w0", "w1"]


def test_a_change_is_seen_at_the_next_look(tmp_path):
    path = write(tmp_path, "animals.txt", "fox")
    lists = Wildcards(tmp_path)
    first = lists.current()
    assert first == {"animals": ("fox",)}
    assert lists.current() is first
    write(tmp_path, "animals.txt", "fox\nwolf")
    assert lists.current() == {"animals": ("fox", "wolf")}
    path.unlink()
    assert lists.current() == {}


def test_a_complaint_is_logged_once_for_each_change(tmp_path, caplog):
    write(tmp_path, "bad.txt", b"\xff")
    lists = Wildcards(tmp_path)
    with caplog.at_level(logging.WARNING):
        lists.current()
        lists.current()
    assert [record.getMessage() for record in caplog.records] == [
        f"The wildcard file {tmp_path / 'bad.txt'} stayed out: it is not UTF-8."
    ]
