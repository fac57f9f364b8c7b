"""``imagine doctor`` in the terminal: what it prints, and how it ends."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from imagine.cli import app
from tests.doctor.finding import closed_port


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("IMAGINE_")]:
        monkeypatch.delenv(name)


def run(*arguments: str) -> Any:
    own = ("--port", str(closed_port()), "--min-free-mb", "0")
    return CliRunner().invoke(app, ["doctor", *own, *arguments])


def test_it_works_while_no_server_runs():
    result = run("--engine", "sketch")
    assert result.exit_code == 0, result.output
    assert "engine.choice" in result.stdout
    assert "0 failed" not in result.stdout


def test_it_ends_with_1_when_something_failed():
    result = run("--comfyui-url", f"http://127.0.0.1:{closed_port()}")
    assert result.exit_code == 1
    assert "FAILED  engine.reach" in result.stdout
    assert "Fix: Start ComfyUI there" in result.stdout
    assert "docs/troubleshooting.md" in result.stdout


def test_what_follows_a_broken_hop_is_one_line():
    result = run("--comfyui-url", f"http://127.0.0.1:{closed_port()}")
    assert result.stdout.count("because ComfyUI cannot be reached") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "x"], "--port cannot be x"),
        (["--server", "ftp://x"], "no web address"),
        (["--json", "--report"], "not both"),
        (["--nothing"], "No such option"),
    ],
)
def test_it_ends_with_2_when_it_cannot_be_asked_so(arguments, sentence):
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())


def test_json_is_the_body_of_the_route():
    body = json.loads(run("--engine", "sketch", "--json").stdout)
    assert body.keys() == {"checks", "version", "checked_at"}
    for check in body["checks"]:
        assert check.keys() == {"id", "title", "status", "message", "fix", "details"}


def test_it_reads_the_settings_as_serve_does(tmp_path: Path):
    (tmp_path / "imagine.toml").write_text("engine = 'sketch'\noutput = 'here'", encoding="utf-8")
    (tmp_path / "here").mkdir()
    sqlite3.connect(tmp_path / "here" / "imagine.db").execute(
        "CREATE TABLE x (y)"
    ).connection.close()
    result = run()
    assert result.exit_code == 1
    assert "FAILED  database.file" in result.stdout


def test_a_named_server_that_is_away_is_a_failure():
    result = run("--engine", "sketch", "--server", f"127.0.0.1:{closed_port()}")
    assert result.exit_code == 1
    assert "FAILED  server.reach" in result.stdout


def test_a_report_is_markdown_without_secrets(tmp_path: Path):
    url = f"http://fox:hunter2@127.0.0.1:{closed_port()}"
    config = "[presets]\nwarm = 'my secret garden'"
    (tmp_path / "imagine.toml").write_text(config, encoding="utf-8")
    result = run("--comfyui-url", url, "--report")
    assert result.exit_code == 1
    assert result.stdout.startswith("## Imagine doctor\n")
    assert "`presets` = `1 entries`" in result.stdout
    for secret in ("hunter2", "garden"):
        assert secret not in result.output
