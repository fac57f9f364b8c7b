"""Secrets planted wherever a report could carry them, and none of them comes through."""

import re
from pathlib import Path

import pytest

from imagine.doctor.checks import Diagnosis, failed
from imagine.doctor.redaction import Redactor
from imagine.doctor.rendering import lines, report
from imagine.settings import Settings
from imagine.settings_sources import Loaded

HOME = Path("/Users/vulpes")
SETTINGS = Settings(
    comfyui_url=("http://fox:hunter2@gpu-box:8188", "http://10.1.2.3:8188", "http://comfyui:8188"),
    output=HOME / "pictures" / "out put",
    allowed_hosts=("den.example.org",),
    presets={"warm": "my secret garden"},
    profiles=Path("/opt/vixen/profiles.toml"),
)


def redactor(settings: Settings = SETTINGS) -> Redactor:
    return Redactor(settings, hosts=("https://public.example.net/imagine",), home=HOME)


@pytest.mark.parametrize(
    ("text", "kept", "secrets"),
    [
        ("http://fox:hunter2@gpu-box:8188 answers", "***@host-1:8188", ["fox", "hunter2", "gpu"]),
        ("http://a:p/w@d@gpu-box/x", "host-1", ["p/w"]),
        ("GET https://x.example/ws?clientId=77&token=abc123", "token=***", ["abc123", "77"]),
        ("Authorization: Bearer abcdef123456", "***", ["abcdef123456"]),
        ('{"api_key": "k-12345"}', '"api_key": "***"', ["k-12345"]),
        ("password = hunter2, next", "***, next", ["hunter2"]),
        ("with hf_abcdefghijklmnop and sk-abcdefghijklmnop", "and", ["hf_a", "sk-a"]),
        ("at 10.1.2.3 and 192.168.7.9", "host-", ["10.1.2.3", "192.168.7.9"]),
        ("at [2001:db8::7]:8188", "host-", ["2001:db8"]),
        ("at http://127.0.0.1:8188, localhost and ::1", "127.0.0.1", []),
        ("/Users/vulpes/.cache/x and D:\\Users\\Vulpes\\x", "~/.cache/x", ["vulpes", "Vulpes"]),
        ("/Users/someone/Comfy is full", "~/Comfy", ["someone"]),
        ("/opt/vixen/profiles.toml: no", "…/profiles.toml", ["vixen", "/opt"]),
        ("read from /disk7/vixen/imagine.toml", "…/imagine.toml", ["vixen", "disk7"]),
        ("C:\\vixen\\imagine.toml", "…/imagine.toml", ["vixen"]),
        ("den.example.org and public.example.net", "host-", ["den", "public"]),
    ],
)
def test_what_is_private_does_not_come_through(text: str, kept: str, secrets: list[str]):
    told = redactor().text(text)
    assert kept in told
    for secret in secrets:
        assert secret not in told


@pytest.mark.parametrize(
    "text",
    [
        "ComfyUI 0.3.64 at 12:30:45 does not tell its nodes (/object_info: 500).",
        "Start ComfyUI with --preview-method auto, or name it with --comfyui-url.",
        "engine.comfyui and /api/live? Start Imagine with --base-path /imagine.",
        "/imagine/api/health arrives as /imagine/imagine/api/health, /upload/image",
        "2026-11-20T12:30:45Z",
        "It listens on 0.0.0.0.",
    ],
)
def test_what_is_not_private_stays_as_it_is(text: str):
    assert redactor().text(text) == text


def test_the_same_machine_has_the_same_name_everywhere():
    hide = redactor()
    first = hide.text("http://gpu-box:8188 is down")
    again = hide.value({"engine": "http://gpu-box:8188", "list": ["gpu-box", 5, None]})
    assert first == "http://host-1:8188 is down"
    assert again == {"engine": "http://host-1:8188", "list": ["host-1", 5, None]}
    assert "host-2" in hide.text("http://10.1.2.3:8188")


def test_the_output_folder_keeps_its_path_below_the_home():
    told = redactor().text(f"{SETTINGS.output}/imagine.db is damaged")
    assert told == "~/pictures/out put/imagine.db is damaged"
    elsewhere = Redactor(Settings(output=Path("/srv/imagine/output")), home=HOME)
    assert elsewhere.text("/srv/imagine/output and /srv/other/thing") == (
        "/srv/imagine/output and …/thing"
    )


@pytest.mark.parametrize("name", ["engine", "ok", "failed", "reach"])
def test_a_host_that_is_called_like_a_word_of_ours_changes_no_check(name: str):
    hide = redactor(Settings(comfyui_url=(f"http://{name}:8188",)))
    check = failed("engine.reach", f"Nothing listens at http://{name}:8188.", "Start it.")
    (told,) = hide.diagnosis(Diagnosis((check,), "0", "now")).checks
    assert (told.id, told.title, told.status) == (check.id, check.title, check.status)
    assert told.message == "Nothing listens at http://host-1:8188."


@pytest.mark.parametrize("name", ["*", "", ".", "host-1"])
def test_what_is_no_name_of_a_host_hides_nothing_else(name: str):
    hide = redactor(Settings(allowed_hosts=(name, "den")))
    told = hide.text("http://a:b@10.1.2.3/x.y at den")
    assert re.fullmatch(r"http://\*\*\*@host-\d/x\.y at host-\d", told), told


def test_a_machine_that_is_called_like_a_mask_is_masked_once():
    hide = redactor(Settings(comfyui_url=("http://gpu:1", "http://host-1:1")))
    assert hide.text("gpu, host-1, gpu") == "host-1, host-2, host-1"


def test_a_report_holds_what_helps_and_nothing_that_is_private():
    diagnosis = Diagnosis(
        (
            failed(
                "engine.reach",
                f"Nothing listens at {SETTINGS.comfyui_url[0]}.",
                "Start ComfyUI there.",
                engine="http://gpu-box:8188",
                trace="/Users/vulpes/ComfyUI/main.py?key=planted-1",
            ),
        ),
        "0.1.0",
        "2026-11-20T12:00:00Z",
    )
    sources = dict.fromkeys(Settings.model_fields, "default")
    named = ("comfyui_url", "output", "presets", "profiles")
    sources |= dict.fromkeys(named, "/Users/vulpes/imagine.toml")
    told = report(diagnosis, Loaded(SETTINGS, sources), redactor())
    for secret in ("hunter2", "fox", "gpu-box", "10.1.2.3", "vulpes", "garden", "planted-1"):
        assert secret not in told, secret
    for help_ in ("`engine.reach`", "Fix: Start ComfyUI there.", "0.1.0", "host-1", "1 entries"):
        assert help_ in told
    shown = "\n".join(lines(diagnosis))
    assert "FAILED" in shown
    assert "1 failed" in shown
