"""Log lines: one line a record, with its request, for people and for machines."""

import io
import json
import logging
import re

import pytest

from imagine.logs import QUIET, client, configure, request_id
from imagine.settings import LogFormat, LogLevel


@pytest.fixture(autouse=True)
def _restored_logging():
    root = logging.getLogger()
    loggers = [root, *map(logging.getLogger, QUIET)]
    before = [(logger, logger.level) for logger in loggers]
    handlers = root.handlers[:]
    yield
    root.handlers[:] = handlers
    logging.captureWarnings(capture=False)
    for logger, level in before:
        logger.setLevel(level)


@pytest.fixture
def log():
    return logging.getLogger("imagine.jobs")


def written(log_format: LogFormat) -> io.StringIO:
    stream = io.StringIO()
    configure(log_format, LogLevel.INFO, stream)
    return stream


def test_a_line_for_people_names_time_level_room_and_extras(log):
    stream = written(LogFormat.TEXT)
    log.info("running", extra={"job": "0198"})
    line = r"\d\d:\d\d:\d\d info    jobs: running job=0198\n"
    assert re.fullmatch(line, stream.getvalue())


def test_a_line_for_machines_is_one_json_object(log):
    stream = written(LogFormat.JSON)
    log.warning("a fuchs, ü", extra={"job": "0198", "level": "forged"})
    entry = json.loads(stream.getvalue())
    assert entry["level"] == "warning"
    assert entry["logger"] == "imagine.jobs"
    assert (entry["message"], entry["job"]) == ("a fuchs, ü", "0198")
    assert entry["time"].endswith("+00:00")


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_line_carries_the_request_that_caused_it_and_who_sent_it(log, log_format):
    stream = written(log_format)
    tokens = request_id.set("req-7"), client.set("203.0.113.9")
    log.info("asked")
    request_id.reset(tokens[0])
    client.reset(tokens[1])
    log.info("not asked")
    first, second = stream.getvalue().splitlines()
    assert "req-7" in first
    assert "203.0.113.9" in first
    assert "req-7" not in second


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_failure_is_told_with_its_traceback(log, log_format):
    stream = written(log_format)
    try:
        raise ValueError("paws")
    except ValueError:
        log.exception("failed")
    assert "ValueError: paws" in stream.getvalue()
    assert "Traceback" in stream.getvalue()


def test_a_prompt_cannot_forge_a_line(log):
    stream = written(LogFormat.TEXT)
    log.info("prompt: %s", "fox\n12:00:00 error jobs: all lost\x1b[2J")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_configuring_again_replaces_the_first(log):
    first = written(LogFormat.TEXT)
    second = written(LogFormat.TEXT)
    log.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_others_are_quiet_below_warnings():
    stream = written(LogFormat.TEXT)
    for name in QUIET:
        logging.getLogger(name).info("chatter")
    logging.getLogger("alembic").warning("heed this")
    assert "chatter" not in stream.getvalue()
    assert "heed this" in stream.getvalue()


def test_lines_below_the_level_are_left_out(log):
    stream = io.StringIO()
    configure(LogFormat.TEXT, LogLevel.ERROR, stream)
    log.warning("hush")
    assert stream.getvalue() == ""
