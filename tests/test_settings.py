"""Settings: four sources, one winner, and a sentence for everything that cannot be."""

from pathlib import Path

import pytest

from imagine.errors import SettingsError
from imagine.settings import (
    BatchMode,
    EngineChoice,
    Settings,
    display,
    env_name,
    is_loopback,
    version_name,
    web_address,
)
from imagine.settings_sources import load


def loaded(tmp_path: Path, toml: str = "", env=None, flags=None, **more):
    if toml:
        (tmp_path / "imagine.toml").write_text(toml, encoding="utf-8")
    return load(flags or {}, environ=env or {}, folder=tmp_path, **more)


def refusal(tmp_path: Path, **sources) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, **sources)
    return caught.value.message


def test_without_any_source_the_defaults_stand(tmp_path):
    result = loaded(tmp_path)
    assert result.settings == Settings()
    assert set(result.sources.values()) == {"default"}
    assert result.settings.comfyui_url == ("http://127.0.0.1:8188",)


def test_the_default_settings_are_those_of_the_manual():
    settings = Settings()
    assert (settings.host, settings.port, settings.output) == ("127.0.0.1", 8190, Path("output"))
    assert (settings.engine, settings.batch_mode) == (EngineChoice.AUTO, BatchMode.ONE_BY_ONE)
    assert (settings.sketch_step_ms, settings.max_waiting) == (40, 10_000)


@pytest.mark.parametrize(
    ("toml", "env", "flags", "port", "source"),
    [
        ("", {}, {}, 8190, "default"),
        ("port = 1", {}, {}, 1, "imagine.toml"),
        ("port = 1", {"IMAGINE_PORT": "2"}, {}, 2, "IMAGINE_PORT"),
        ("port = 1", {"IMAGINE_PORT": "2"}, {"port": "3"}, 3, "--port"),
    ],
)
def test_a_later_source_wins_and_is_named(tmp_path, toml, env, flags, port, source):
    result = loaded(tmp_path, toml, env, flags)
    assert result.settings.port == port
    assert result.sources["port"] == source
    assert ("port", str(port), source) in result.rows()


def test_a_source_overrides_only_what_it_names(tmp_path):
    result = loaded(tmp_path, "port = 1\nengine = 'sketch'", {"IMAGINE_PORT": "2"})
    assert (result.settings.port, result.settings.engine) == (2, "sketch")


def test_every_setting_can_come_from_the_environment(tmp_path):
    values = {
        "host": "localhost",
        "port": "1",
        "comfyui_url": "http://a:1,http://b:2",
        "output": "x",
        "storage": "other",
        "engine": "comfyui",
        "sketch_step_ms": "0",
        "open": "yes",
        "allow_open": "true",
        "allowed_hosts": "fox.local, den",
        "allow_private_links": "true",
        "base_path": "/imagine",
        "trusted_proxy": "127.0.0.1, 10.0.0.0/8",
        "log_format": "json",
        "log_level": "debug",
        "batch_mode": "together",
        "max_waiting": "5",
        "job_timeout_s": "60",
        "oom_retry": "true",
        "min_free_mb": "50",
        "default_model": "sd.safetensors",
        "profiles": "p.toml",
        "wildcards": "w",
        "workflows": "f",
        "characters": "c.toml",
        "presets": '{"warm": "warm light --s 250"}',
        "versions": '{"v7": "flux", "niji6": "animagine"}',
    }
    assert values.keys() == Settings.model_fields.keys()
    result = loaded(tmp_path, env={env_name(name): value for name, value in values.items()})
    assert result.settings.comfyui_url == ("http://a:1", "http://b:2")
    assert result.settings.allowed_hosts == ("fox.local", "den")
    assert result.settings.open is True
    assert result.settings.presets == {"warm": "warm light --s 250"}
    assert result.settings.versions == {"7": "flux", "niji 6": "animagine"}
    assert "default" not in result.sources.values()


def test_an_empty_variable_counts_as_not_set(tmp_path):
    assert loaded(tmp_path, env={"IMAGINE_PORT": ""}).settings.port == 8190


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (
            {"env": {"IMAGINE_PROT": "1"}},
            "There is no setting IMAGINE_PROT in the environment. Did you mean IMAGINE_PORT?",
        ),
        ({"toml": "enigne = 'auto'"}, "Did you mean engine?"),
        ({"toml": "port = "}, "is not valid TOML"),
        ({"env": {"IMAGINE_PORT": "abc"}}, "IMAGINE_PORT cannot be abc: it takes a whole number"),
        ({"flags": {"port": "70000"}}, "--port cannot be 70000: it takes a whole number from 0 to"),
        ({"toml": "port = true"}, "port (from imagine.toml) cannot be true: it takes a whole"),
        ({"toml": "host = 5"}, "host (from imagine.toml) cannot be 5: it takes a text."),
        ({"toml": "host = ['a']"}, 'cannot be ["a"]: it takes a text.'),
        ({"toml": "output = 5"}, "output (from imagine.toml) cannot be 5: it takes a path."),
        ({"toml": "comfyui_url = 5"}, "cannot be 5: it takes one or more texts."),
        ({"env": {"IMAGINE_COMFYUI_URL": ","}}, "IMAGINE_COMFYUI_URL cannot be"),
        ({"env": {"IMAGINE_PRESETS": "warm"}}, "IMAGINE_PRESETS cannot be warm: it takes a table"),
        ({"toml": "presets = 5"}, "presets (from imagine.toml) cannot be 5: it takes a table of"),
        ({"toml": "[versions]\n6.1 = 'x'"}, 'such as "6.1" = "sdxl"'),
        ({"toml": "[presets]\nwarm = 5"}, "presets (from imagine.toml) cannot be 5"),
        ({"env": {"IMAGINE_OPEN": "perhaps"}}, "cannot be perhaps: it takes true or false."),
        (
            {"flags": {"engine": "sketh"}},
            "--engine cannot be sketh: it takes one of auto, comfyui, sketch. Did you mean sketch?",
        ),
        ({"flags": {"comfyui_url": ["ftp://x"]}}, "--comfyui-url: ftp://x is no web address"),
    ],
)
def test_what_cannot_be_is_a_sentence_that_names_its_source(tmp_path, sources, sentence):
    assert sentence in refusal(tmp_path, **sources)


def test_all_problems_are_told_at_once(tmp_path):
    message = refusal(tmp_path, env={"IMAGINE_PORT": "x"}, flags={"engine": "y"})
    assert len(message.splitlines()) == 2


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/imagine", "/imagine"),
        ("imagine", "/imagine"),
        ("/art/imagine/", "/art/imagine"),
        (" /a.b_c~d-9 ", "/a.b_c~d-9"),
        ("/", ""),
        ("", ""),
    ],
)
def test_a_base_path_begins_with_a_slash_and_ends_with_none(given, path):
    assert Settings(base_path=given).base_path == path


@pytest.mark.parametrize(
    "given",
    [
        "//a",
        "a//b",
        "/..",
        "/a/../b",
        "/.",
        "/a b",
        "/ä",
        "/%41",
        "/a?b",
        "http://a/b",
        "/" + "a" * 999,
    ],
)
def test_what_is_no_base_path_is_refused_in_a_sentence(tmp_path, given):
    message = refusal(tmp_path, flags={"base_path": given})
    assert message.startswith("--base-path: ")
    assert "is no path, such as /imagine" in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("given", "networks"),
    [
        ("127.0.0.1", ("127.0.0.1",)),
        ("loopback, 10.0.0.0/8", ("loopback", "10.0.0.0/8")),
        ("localhost", ("loopback",)),
        ("::1, FD00::/8", ("::1", "fd00::/8")),
        ("10.0.0.1/32", ("10.0.0.1",)),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(tmp_path, given, networks):
    result = loaded(tmp_path, env={"IMAGINE_TRUSTED_PROXY": given})
    assert result.settings.trusted_proxy == networks


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("proxy", "proxy is no address or network, such as 127.0.0.1, 10.0.0.0/8"),
        ("10.0.0.0/33", "10.0.0.0/33 is no address or network"),
        ("*", "* is no address or network"),
        ("10.0.0.5/8", "is one address of the network 10.0.0.0/8: give 10.0.0.5 or 10.0.0.0/8"),
    ],
)
def test_what_is_no_proxy_address_is_refused_in_a_sentence(tmp_path, given, sentence):
    message = refusal(tmp_path, flags={"trusted_proxy": [given]})
    assert message.startswith("--trusted-proxy: ")
    assert sentence in message


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "fox.local", ""])
def test_an_address_that_others_can_reach_needs_a_clear_word(tmp_path, host):
    message = refusal(tmp_path, flags={"host": host})
    assert "no accounts yet" in message
    assert "--allow-open" in message
    assert "127.0.0.1" in message
    assert loaded(tmp_path, flags={"host": host, "allow_open": True}).settings.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost", "LOCALHOST"])
def test_an_address_of_this_machine_needs_nothing(host):
    assert is_loopback(host)
    assert Settings(host=host).host == host


def test_a_named_file_must_exist(tmp_path):
    assert "cannot be read" in refusal(tmp_path, config=tmp_path / "none.toml")


def test_a_problem_in_a_named_file_names_the_setting(tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("port = 'x'\n")
    assert f"port (from {other}) cannot be x" in refusal(tmp_path, config=other)


def test_a_file_can_be_named_in_the_environment(tmp_path):
    other = tmp_path / "other.toml"
    other.write_bytes(b"\xef\xbb\xbfcomfyui-url = 'http://a:1'\n")  # as Notepad saves it
    result = loaded(tmp_path, "port = 1", {"IMAGINE_CONFIG": str(other)})
    assert result.settings.comfyui_url == ("http://a:1",)
    assert result.settings.port == 8190
    assert result.sources["comfyui_url"] == str(other)


def test_a_path_in_a_file_is_meant_from_where_the_file_lies(tmp_path):
    assert loaded(tmp_path, "output = 'pictures'").settings.output == tmp_path / "pictures"
    assert loaded(tmp_path, flags={"output": "here"}).settings.output == Path("here")


def test_the_wildcards_lie_beside_the_settings_file(tmp_path):
    assert loaded(tmp_path).settings.wildcards == Path("wildcards")
    assert loaded(tmp_path, "wildcards = 'w'").settings.wildcards == tmp_path / "w"


def test_tables_come_from_the_file_and_are_shown(tmp_path):
    result = loaded(tmp_path, "[presets]\nwarm = 'warm light'\n[versions]\n'6.0' = 'sdxl'")
    assert result.settings.versions == {"6": "sdxl"}
    assert ("presets", '{"warm": "warm light"}', "imagine.toml") in result.rows()
    assert ("presets", "-", "default") in loaded(tmp_path / "none").rows()


@pytest.mark.parametrize(
    ("typed", "name"),
    [("7", "7"), ("v7", "7"), ("V 6.1", "6.1"), ("7.0", "7"), ("niji6", "niji 6"),
     ("Niji 6", "niji 6"), ("--v 7", "7"), ("--niji 5", "niji 5")],
)  # fmt: skip
def test_a_version_has_one_name(typed, name):
    assert version_name(typed) == name


def test_a_tilde_is_the_home_folder(tmp_path):
    assert loaded(tmp_path, flags={"output": "~/x"}).settings.output == Path.home() / "x"
    assert loaded(tmp_path, "output = '~/x'").settings.output == Path.home() / "x"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("localhost:8188", "http://localhost:8188"),
        ("http://gpu:8188/", "http://gpu:8188"),
        ("https://gpu/comfy/", "https://gpu/comfy"),
        ("http://[::1]:8188", "http://[::1]:8188"),
    ],
)
def test_an_address_is_brought_to_one_form(typed, address):
    assert web_address(typed) == address


@pytest.mark.parametrize("typed", ["", "http://", "ws://a", "a:b", "http://a:0", "http://[", "a b"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValueError, match="no web address"):
        web_address(typed)


def test_the_same_engine_named_twice_is_one_engine():
    assert Settings(comfyui_url=("a:1", "http://a:1/")).comfyui_url == ("http://a:1",)


def test_settings_never_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]  # the claim of this test


def test_a_password_is_not_shown():
    shown = display(("http://me:secret@gpu:8188/x", "http://b:1"))
    assert shown == "http://me:***@gpu:8188/x, http://b:1"


def test_every_setting_has_a_help_text():
    assert all(field.description for field in Settings.model_fields.values())
