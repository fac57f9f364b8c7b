"""The commands: what they read, what they print, how they end."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

import imagine
from imagine import cli, server
from imagine.cli import app
from imagine.settings import Settings, flag_name, is_table


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("IMAGINE_")]:
        monkeypatch.delenv(name)


def run(*arguments: str, **more):
    return CliRunner().invoke(app, list(arguments), **more)


@pytest.fixture
def served(monkeypatch):
    """Catch the settings with which a server would have been run."""
    seen: list[Settings] = []

    def pretend(settings: Settings) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setattr(server, "run", pretend)
    monkeypatch.setattr("imagine.logs.configure", lambda *_: None)
    return seen


def test_the_version_is_that_of_the_package():
    assert run("--version").stdout == f"imagine {imagine.__version__}\n"


def test_without_a_command_it_serves(served):
    assert run().exit_code == 0
    assert run("--port", "9000").exit_code == 0
    assert run("serve", "--port", "9001").exit_code == 0
    assert [settings.port for settings in served] == [8190, 9000, 9001]


def test_the_exit_code_of_the_server_is_ours(monkeypatch, served):
    monkeypatch.setattr(server, "run", lambda _: 7)
    assert run("serve").exit_code == 7


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_but_tables_is_a_flag_of_serve(served, name):
    help_text = " ".join(run("serve", "--help").stdout.split())
    assert (f"{flag_name(name)} " in help_text) is not is_table(name)


def test_a_preset_that_cannot_be_is_told_at_the_start(served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imagine.toml").write_text("[presets]\nwarm = 'warm --styilze 5'", encoding="utf-8")
    result = run("serve")
    assert result.exit_code == 2
    assert "presets.warm (from imagine.toml): There is no --styilze." in result.stderr


def test_flags_reach_the_settings(served):
    result = run(
        "--comfyui-url",
        "a:1",
        "--comfyui-url",
        "b:2",
        "--open",
        "--engine",
        "comfyui",
        "--output=x",
    )
    assert result.exit_code == 0
    assert served[0].comfyui_url == ("http://a:1", "http://b:2")
    assert served[0].open
    assert (served[0].engine, served[0].output) == ("comfyui", Path("x"))


def test_show_config_says_where_each_value_came_from(served, tmp_path):
    (tmp_path / "imagine.toml").write_text("max_waiting = 5", encoding="utf-8")
    result = run("--port", "9", "--show-config", env={"IMAGINE_ENGINE": "sketch"})
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert rows.keys() == Settings.model_fields.keys()
    assert rows["port"] == ["9", "--port"]
    assert rows["engine"] == ["sketch", "IMAGINE_ENGINE"]
    assert rows["max_waiting"] == ["5", "imagine.toml"]
    assert rows["host"] == ["127.0.0.1", "default"]
    assert served == []


def test_a_named_settings_file_is_read(served, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("port = 5", encoding="utf-8")
    assert run("serve", "--config", str(other)).exit_code == 0
    assert served[0].port == 5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "x"], "--port cannot be x"),
        (["--host", "0.0.0.0"], "--allow-open"),
        (["--engine", "comfy"], "Did you mean comfyui?"),
        (["--storage", "tape"], "no storage tape: the setting takes one of disk."),
        (["prompt", "fox", "--server", "ftp://x"], "no web address"),
    ],
)
def test_a_setting_that_cannot_be_is_a_sentence_and_no_traceback(served, arguments, sentence):
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert served == []


def test_a_mistyped_command_is_answered_with_the_nearest():
    assert "Did you mean 'parse'?" in run("pasre").stderr
    assert 'imagine prompt "a red fox"' in run("a red fox").stderr


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({}, "http://127.0.0.1:8190"),
        ({"IMAGINE_PORT": "9"}, "http://127.0.0.1:9"),
        ({"IMAGINE_HOST": "::1"}, "http://[::1]:8190"),
        ({"IMAGINE_HOST": "0.0.0.0", "IMAGINE_ALLOW_OPEN": "1"}, "http://127.0.0.1:8190"),
    ],
)
def test_prompt_looks_where_the_settings_say_the_server_is(monkeypatch, env, address):
    seen: list[str] = []

    def pretend(_prompt: str, *, server: str, **_: object) -> int:
        seen.append(server)
        return 3

    monkeypatch.setattr("imagine.cli_prompt.run", pretend)
    assert run("prompt", "a fox", env=env).exit_code == 3
    assert seen == [address]


def test_parse_explains_a_prompt():
    result = run("parse", "a red fox --ar 16:9 --seed 42")
    assert result.exit_code == 0
    assert "a red fox" in result.stdout
    assert "16:9" in result.stdout
    assert "42" in result.stdout


def test_parse_puts_a_caret_under_a_mistake():
    result = run("parse", "a red fox --ar 16:0")
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    at = lines.index("  a red fox --ar 16:0")
    assert lines[at + 1].index("^") == lines[at].index("--ar")


def test_parse_json_is_one_line_with_the_body_of_the_api():
    result = run("parse", "a red fox 🦊 --ar 16:9", "--json")
    (line,) = result.stdout.splitlines()
    body = json.loads(line)
    assert body["ok"] is True
    assert body["count"] == 1
    assert body["jobs"][0]["typed"]["aspect"] == "16:9"
    assert "🦊" in line


def test_parse_json_of_a_bad_prompt_is_still_an_answer():
    result = run("parse", "--json", "a fox --ar 16:0")
    assert result.exit_code == 0
    body = json.loads(result.stdout)
    assert body["ok"] is False
    assert body["errors"][0]["start"] == 6


def test_parse_reads_prompts_from_standard_input_one_a_line():
    prompts = "a fox\n\na fox\u2028in snow --ar 1:0\r\nthe last"
    result = run("parse", "--json", input=prompts.encode())
    bodies = [json.loads(line) for line in result.stdout.split("\n") if line]
    assert [body["ok"] for body in bodies] == [True, False, False, True]
    assert bodies[3]["jobs"][0]["text"] == "the last"


def test_parse_takes_a_prompt_that_begins_with_dashes():
    result = run("parse", "--json", "--ar 16:9 --no fox")
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["tokens"]) > 0


def test_parse_at_a_terminal_without_a_prompt_asks_for_one(monkeypatch):
    monkeypatch.setattr(cli, "_is_terminal", lambda: True)
    result = run("parse")
    assert result.exit_code == 2
    assert "Give a prompt" in result.stderr


HEAVY = ("aiohttp", "sqlalchemy", "alembic", "PIL", "jinja2", "rich.progress", "websockets")


@pytest.mark.parametrize("arguments", [["--help"], ["parse", "--json", "a fox"]])
def test_quick_commands_load_nothing_heavy(arguments):
    code = (
        "import sys; from imagine.cli import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_it_runs_as_a_module_whatever_the_terminal_can_show():
    env = os.environ | {"PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "imagine", "parse", "a fox 🦊"]
    done = subprocess.run(command, capture_output=True, check=True, env=env)
    assert b"a fox \\U0001f98a" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to handle")
def test_sketch_is_a_process_of_its_own_that_ends_well():
    command = [sys.executable, "-m", "imagine", "sketch", "--port", "0", "--step-ms", "0"]
    command += ["--checkpoint", "ink.safetensors", "--checkpoint", "chalk.safetensors"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        url = engine.stdout.readline().split()[5].rstrip(".")
        with urllib.request.urlopen(f"{url}/models/checkpoints") as answer:
            assert json.load(answer) == ["ink.safetensors", "chalk.safetensors"]
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(60) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to handle")
def test_sketch_keeps_its_files_in_a_folder_that_it_is_given(tmp_path):
    command = [sys.executable, "-m", "imagine", "sketch", "--port", "0", "--output", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline()
        engine.send_signal(signal.SIGTERM)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["input", "output", "temp"]


def test_sketch_on_a_taken_port_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "imagine", "sketch", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Choose another: --port N." in done.stderr
    assert "Traceback" not in done.stderr
