"""``imagine prompt``: what it prints, what it saves, how it ends."""

import io
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from imagine import cli_prompt
from imagine.cli import app
from imagine.cli_prompt import Board
from tests.fakes.imagine_api import JOB_ID, PICTURE, FakeImagine, job, pictures

# Where nobody sits at a terminal, programs are started deaf to Ctrl+C.
LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from imagine.cli import main
main()
"""


@pytest.fixture
def fake():
    with FakeImagine() as running:
        yield running


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(cli_prompt, "RETRY_DELAYS_S", (0, 0, 0))


def imagine_prompt(server: str, *arguments: str):
    return CliRunner().invoke(app, ["prompt", *arguments, "--server", server])


def told(message: dict[str, Any]) -> dict[str, Any]:
    return {"type": "job", "job": message}


def succeeded(*names: str, **more: Any) -> dict[str, Any]:
    return job(state="succeeded", sequence=9, images=pictures(*names), **more)


def test_finished_pictures_are_printed_one_address_a_line(fake):
    fake.live = [[told(succeeded("fox-0.png", "fox-1.png"))]]
    result = imagine_prompt(fake.url, "a fox")
    assert result.exit_code == 0
    assert result.stdout.split() == [f"{fake.url}/api/images/fox-{n}.png" for n in (0, 1)]


def test_saved_pictures_are_whole_files_and_their_paths_are_printed(fake, tmp_path):
    fake.live = [[told(succeeded("fox-0.png"))]]
    folder = tmp_path / "new" / "folder"
    result = imagine_prompt(fake.url, "a fox", "--save", str(folder))
    assert result.exit_code == 0
    assert result.stdout.split() == [str(folder / "fox-0.png")]
    assert [path.read_bytes() for path in folder.iterdir()] == [PICTURE]


@pytest.mark.parametrize("told_under", ["/art/imagine", ""])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_server_under_a_path_is_reached_by_its_address(tmp_path, told_under, slash):
    with FakeImagine("/art/imagine") as fake:
        image = {"index": 0, "url": f"{told_under}/api/images/fox-0.png"}
        fake.live = [[told(job(state="succeeded", sequence=9, images=[image]))]]
        result = imagine_prompt(fake.url + slash, "a fox")
        assert result.stdout.split() == [f"{fake.url}/api/images/fox-0.png"]
        result = imagine_prompt(fake.url + slash, "a fox", "--save", str(tmp_path))
        assert result.exit_code == 0
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [PICTURE]


def test_a_picture_never_leaves_the_folder(fake, tmp_path):
    fake.live = [[told(succeeded("..%5C..%2Fevil.png"))]]
    result = imagine_prompt(fake.url, "a fox", "--save", str(tmp_path))
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["_5C.._2Fevil.png"]


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_submitted(fake, tmp_path):
    (tmp_path / "file").touch()
    result = imagine_prompt(fake.url, "a fox", "--save", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "cannot be saved" in result.stderr
    assert fake.prompts == []


def test_words_need_no_quotes_and_flags_of_the_prompt_stay_in_it(fake, tmp_path):
    fake.live = [[told(succeeded())]]
    imagine_prompt(fake.url, "a", "fox", "-hat", "--ar", "16:9", "--no", "snow", "--seed=4")
    assert fake.prompts == ["a fox -hat --ar 16:9 --no snow --seed=4"]


def test_a_job_that_ended_before_we_listened_is_noticed(fake):
    fake.later = {JOB_ID: succeeded("fox-0.png")}
    assert imagine_prompt(fake.url, "a fox").exit_code == 0


def test_a_failed_job_says_why_and_what_to_do(fake):
    error = {"code": "job_failed", "message": "Out of memory.", "hint": "Choose a smaller size."}
    fake.live = [[told(job(state="failed", sequence=9, error=error))]]
    result = imagine_prompt(fake.url, "a fox")
    assert result.exit_code == 1
    assert "Out of memory." in result.stderr
    assert "Choose a smaller size." in result.stderr
    assert result.stdout == ""


def test_one_failed_job_does_not_hide_the_pictures_of_the_others(fake):
    other = JOB_ID[:-1] + "2"
    fake.submitted = [job(), job(id=other, number=8)]
    good = succeeded("fox-0.png", id=other, number=8)
    fake.live = [[told(job(state="canceled", sequence=9)), told(good)]]
    result = imagine_prompt(fake.url, "a {red, blue} fox")
    assert result.exit_code == 1
    assert "#7 canceled." in result.stderr
    assert result.stdout.split() == [f"{fake.url}/api/images/fox-0.png"]


def test_a_prompt_that_cannot_be_has_a_caret_under_its_mistake(fake):
    detail = {
        "start": 6,
        "end": 15,
        "message": "--ar takes whole numbers",
        "allowed": "W:H",
        "suggestion": "16:9",
    }
    fake.refusal = (422, {"error": {"code": "x", "message": "No.", "details": [detail]}})
    result = imagine_prompt(fake.url, "a fox --ar 16:0")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert "  a fox --ar 16:0" in lines
    assert lines[lines.index("  a fox --ar 16:0") + 1] == "        ^^^^^^^^^"
    assert "Did you mean 16:9?" in result.stderr


def test_a_full_queue_is_a_failure_and_not_a_bad_prompt(fake):
    fake.refusal = (429, {"error": {"code": "queue_full", "message": "The queue is full."}})
    result = imagine_prompt(fake.url, "a fox")
    assert result.exit_code == 1
    assert "The queue is full." in result.stderr


@pytest.mark.parametrize(
    "answer",
    [
        (200, "<html>"),
        (404, "<html>"),
        (200, ["no", "object"]),
        (404, {"error": "Not found"}),
        (500, {"detail": "x"}),
    ],
)
def test_another_server_is_told_apart_from_ours(fake, answer):
    fake.refusal = answer
    result = imagine_prompt(fake.url, "a fox")
    assert result.exit_code == 3
    assert "is not Imagine" in result.stderr


def test_a_server_out_of_reach_is_told_with_the_next_step():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but it does not listen
        result = imagine_prompt(f"http://127.0.0.1:{taken.getsockname()[1]}", "a fox")
    assert result.exit_code == 3
    assert "imagine serve" in result.stderr
    assert "--server" in result.stderr


def test_a_socket_that_breaks_is_opened_again(fake):
    fake.live = [[], [], [told(succeeded("fox-0.png"))]]
    assert imagine_prompt(fake.url, "a fox").exit_code == 0


def test_a_server_that_stays_away_is_given_up_with_a_word_on_the_jobs(fake):
    fake.live = [[] for _ in range(9)]
    result = imagine_prompt(fake.url, "a fox")
    assert result.exit_code == 3
    assert "go on when it is back" in result.stderr


def test_older_news_and_strange_messages_change_nothing(fake):
    fake.live = [
        [
            told(job(state="running", sequence=5)),
            told(job(state="queued", sequence=4)),
            {"type": "ping"},
            {"type": "progress", "job": "another"},
            told(job(id="another", state="failed")),
            told(succeeded()),
        ]
    ]
    result = imagine_prompt(fake.url, "a fox")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == ["#7 queued", "#7 running", "#7 succeeded"]


def test_a_note_is_told_once(fake):
    note = {"level": "warning", "message": "--weird is not honoured."}
    fake.warnings = [note]
    fake.live = [[told(succeeded(notes=[note]))]]
    result = imagine_prompt(fake.url, "a fox --weird 5")
    assert result.stderr.count("not honoured") == 1


def test_a_terminal_shows_a_bar_with_its_steps():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with Board(console, [job()]) as board:
        board.update(job(state="running", stage="sampling"))
        progress = {"value": 0.4, "step": 8, "steps": 20, "stage": "sampling", "eta_s": 6.1}
        board.progress(JOB_ID, progress)
    assert "step 8/20" in screen.getvalue()
    assert "sampling, 6 s left" in screen.getvalue()


def test_of_many_jobs_only_the_running_ones_have_a_bar():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    many = [job(id=str(number), number=number) for number in range(20)]
    with Board(console, many) as board:
        board.update(job(id="12", number=12, state="running"))
    assert "#12" in screen.getvalue()
    assert "#13" not in screen.getvalue()


def interrupted(fake: FakeImagine) -> tuple[str, int]:
    """Press Ctrl+C while a job is followed; return what was told, and the exit code.

    A client that does not end says where it stands.
    """
    command = [sys.executable, "-X", "faulthandler", "-c", LISTENING, "prompt", "a fox"]
    command += ["--server", fake.url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as client:
        is_connected = fake.connected.wait(30)
        client.send_signal(signal.SIGINT if is_connected else signal.SIGABRT)
        try:
            _, told = client.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            client.send_signal(signal.SIGABRT)
            _, told = client.communicate()
    assert client.returncode != -signal.SIGABRT, told
    return told, client.returncode


@pytest.mark.skipif(os.name == "nt", reason="a console is needed to send Ctrl+C on Windows")
def test_ctrl_c_cancels_its_own_jobs(fake):
    told, returncode = interrupted(fake)
    assert fake.canceled == [JOB_ID]
    assert "Canceled 1 job." in told
    assert returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="a console is needed to send Ctrl+C on Windows")
def test_ctrl_c_cancels_the_others_when_one_has_just_ended(fake):
    fake.submitted = [job(id="first"), job(id="second")]
    fake.ended = {"first"}
    told, _ = interrupted(fake)
    assert fake.canceled == ["second"]
    assert "Canceled 1 job." in told
