"""A ComfyUI broken in one way after the other: the right check names it, and says what to do."""

import asyncio
import io
import json
import shutil
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from PIL import Image

from imagine.doctor.calls import Caller
from imagine.doctor.checks import Status
from imagine.doctor.engine import IDS, NAME, PICTURE, check_engine
from imagine.doctor.engine_facts import FEATURES, LOADERS, NEEDED
from imagine.node_packs import advice
from tests.doctor.finding import (
    GB,
    LONG,
    PATIENT,
    PROFILES,
    SHORT,
    ToldComfy,
    assert_found,
    bad,
    closed_port,
    examine,
)

GOLDEN = Path(__file__).parents[1] / "golden"


@asynccontextmanager
async def listening(answer: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve something that is no HTTP: the same bytes to all who come, or nothing at all."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await gone.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        gone.set()
        server.close()


async def test_a_healthy_comfyui_has_nothing_to_mend():
    async with ToldComfy() as comfy:
        checks = await examine(comfy.url)
    assert list(checks) == list(IDS)
    assert bad(checks) == set()
    assert all(check.status is Status.OK for check in checks.values())


async def test_however_often_it_looks_one_tiny_picture_is_all_that_stays():
    async with ToldComfy() as comfy:
        for _ in range(3):
            await examine(comfy.url)
        assert [key for key in comfy.files if key[0] == "input"] == [("input", "imagine", NAME)]
        assert (comfy.submitted, comfy.interrupts) == ([], [])
    with Image.open(io.BytesIO(PICTURE)) as picture:
        picture.load()


# --- The way there


async def test_a_port_where_nobody_listens():
    checks = await examine(f"http://127.0.0.1:{closed_port()}")
    assert_found(checks, "engine.reach", "failed", "Start ComfyUI", "--comfyui-url")
    rest = [check for name, check in checks.items() if name != "engine.reach"]
    assert len(rest) == len(IDS) - 1
    assert all(check.status is Status.SKIPPED for check in rest)
    assert all("because ComfyUI cannot be reached" in check.message for check in rest)


@pytest.mark.skipif(sys.platform != "linux", reason="a full line of callers is answered elsewhere")
async def test_an_address_that_swallows_what_is_sent_there():
    with socket.socket() as hole, socket.socket() as one, socket.socket() as two:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for caller in (one, two):  # nobody takes them, so that no third one is let in
            caller.setblocking(False)
            caller.connect_ex(hole.getsockname())
        checks = await examine(f"http://127.0.0.1:{hole.getsockname()[1]}", SHORT)
    assert_found(checks, "engine.reach", "failed", "firewall", "--listen")


async def test_a_program_that_takes_the_connection_and_says_nothing():
    async with listening(None) as place:
        checks = await examine(f"http://{place}", SHORT)
    assert_found(checks, "engine.reach", "failed", "may hang")


class NoNames(AbstractResolver):
    """Knows nobody, as a name server that was asked for a misspelled host."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None:
        pass


async def test_a_name_that_nobody_knows():
    connector = aiohttp.TCPConnector(resolver=NoNames())
    async with aiohttp.ClientSession(connector=connector) as session:
        caller = Caller(session, "http://gpu-bxo:8188", LONG)
        checks = {check.id: check for check in await check_engine(caller, PROFILES, 1.0)}
    assert_found(checks, "engine.reach", "failed", "spelled")
    assert "gpu-bxo" in checks["engine.reach"].message


async def test_https_where_http_is_spoken():
    async with ToldComfy() as comfy:
        checks = await examine(comfy.url.replace("http:", "https:"))
    assert_found(checks, "engine.reach", "failed", "http://")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="nobody here makes certificates")
async def test_a_certificate_that_nobody_signed(tmp_path: Path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"),
        *("-keyout", key, "-out", certificate),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with listening(b"", context) as place:
        checks = await examine(f"https://{place}")
    assert_found(checks, "engine.reach", "failed", "http://", "SSL_CERT_FILE")


async def test_http_where_tls_is_spoken():
    async with listening(b"\x15\x03\x01\x00\x02\x02\x46") as place:
        checks = await examine(f"http://{place}")
    assert_found(checks, "engine.reach", "failed", "https://")


async def test_a_connection_that_breaks_off():
    async with ToldComfy() as comfy:
        comfy.fault_next("/system_stats", "drop_before", times=2)  # aiohttp asks once more
        checks = await examine(comfy.url)
    assert_found(checks, "engine.reach", "failed", "window of ComfyUI")


Answer = Callable[[], web.StreamResponse]


def status(number: int, **headers: str) -> Answer:
    return lambda: web.Response(status=number, headers=headers)


def text(words: str) -> Answer:
    return lambda: web.Response(text=words, content_type="text/html")


@pytest.mark.parametrize(
    ("path", "answer", "check_id", "words"),
    [
        ("/system_stats", status(502), "engine.reach", "proxy"),
        ("/system_stats", status(401), "engine.guard", "NAME:PASSWORD"),
        ("/system_stats", status(403), "engine.guard", "Origin"),
        ("/system_stats", status(302, Location="/login"), "engine.guard", "login page"),
        ("/system_stats", text("<h1>It works!</h1>"), "engine.comfyui", "8188"),
        ("/system_stats", status(404), "engine.comfyui", "--comfyui-url"),
        ("/ws", status(400), "engine.socket", "Upgrade"),
        ("/upload/image", status(413), "engine.upload", "proxy"),
        ("/upload/image", status(500), "engine.upload", "disk"),
        ("/view", status(404), "engine.upload", "cache"),
        ("/view", text("another picture"), "engine.upload", "cache"),
        ("/object_info", status(500), "engine.nodes", "--disable-all-custom-nodes"),
        ("/object_info", text("[]"), "engine.nodes", "custom node"),
    ],
)
async def test_a_path_that_answers_wrongly(path: str, answer: Answer, check_id: str, words: str):
    async with ToldComfy() as comfy:
        comfy.answers[path] = answer
        checks = await examine(comfy.url)
    assert_found(checks, check_id, "failed", words)
    assert bad(checks) == {check_id}


async def test_a_login_in_the_address_is_used_and_never_shown():
    async with ToldComfy() as comfy:
        checks = await examine(comfy.url.replace("//", "//fox:hunter2@"))
    assert bad(checks) == set()
    assert "hunter2" not in json.dumps([check.body() for check in checks.values()])


async def test_a_socket_on_which_nothing_is_said():
    async with ToldComfy() as comfy:
        comfy.go_silent()
        checks = await examine(comfy.url, PATIENT)
    assert_found(checks, "engine.socket", "failed", "buffering")


async def test_an_old_comfyui_that_does_not_know_our_flags_is_heard_all_the_same():
    async with ToldComfy() as comfy:
        comfy.speaks_flags = False
        checks = await examine(comfy.url, PATIENT)
    assert checks["engine.socket"].status is Status.OK
    assert checks["engine.socket"].details["feature_flags"] is False


async def test_nodes_that_are_not_told_in_time():
    async with ToldComfy() as comfy:
        comfy.fault_next("/object_info", "hang_before")
        checks = await examine(comfy.url, PATIENT)
    assert_found(checks, "engine.nodes", "warning", "try again")
    assert checks["engine.models"].status is Status.SKIPPED


async def test_a_picture_that_gets_another_name():
    async with ToldComfy() as comfy:
        comfy.answers["/upload/image"] = lambda: web.json_response({"name": "x (1).png"})
        checks = await examine(comfy.url)
    assert_found(checks, "engine.upload", "failed", "Update ComfyUI")


# --- What it tells of itself


def change(**changes: Any) -> Callable[[ToldComfy], None]:
    def apply(comfy: ToldComfy) -> None:
        for name, value in changes.items():
            getattr(comfy, name).update(value)

    return apply


def start_with(*flags: str) -> Callable[[ToldComfy], None]:
    def apply(comfy: ToldComfy) -> None:
        comfy.argv = ["main.py", *flags]

    return apply


AUTO = ("--preview-method", "auto")


@pytest.mark.parametrize(
    ("break_it", "check_id", "found", "words"),
    [
        (change(system={"comfyui_version": "0.3.30"}), "engine.version", "failed", "0.3.57"),
        (change(system={"comfyui_version": "v0.3.56"}), "engine.version", "failed", "0.3.57"),
        (change(system={"comfyui_version": None}), "engine.version", "warning", "Update"),
        (start_with(), "engine.previews", "warning", "--preview-method auto"),
        (start_with("--preview-method=none"), "engine.previews", "warning", "auto"),
        (start_with(*AUTO, "--disable-metadata"), "engine.metadata", "warning", "without"),
        (start_with(*AUTO, "--max-upload-size", "5"), "engine.flags", "warning", "20"),
        (start_with(*AUTO, "--enable-cors-header"), "engine.flags", "warning", "without"),
        (start_with(*AUTO, "--novram"), "engine.flags", "warning", "--lowvram"),
        (change(system={"ram_free": GB}), "engine.memory", "warning", "Close"),
        (change(device={"vram_free": 2 * GB}), "engine.memory", "warning", "Close"),
        (change(device={"vram_total": 3 * GB}), "engine.memory", "warning", "--lowvram"),
        (change(device={"type": "cpu"}), "engine.memory", "warning", "--cpu"),
        (lambda c: c.without("KSampler"), "engine.nodes", "failed", "custom node pack"),
        (lambda c: c.without("LatentFromBatch"), "engine.nodes", "warning", "update ComfyUI"),
        (lambda c: c.set_checkpoints([]), "engine.models", "failed", "models/checkpoints"),
        (
            lambda c: c.set_checkpoints(["svd_xt.safetensors"]),
            *("engine.models", "failed", "checkpoint"),
        ),
        (
            change(headers={"Date": "Fri, 20 Nov 2020 12:00:00 GMT"}),
            *("engine.clock", "warning", "NTP"),
        ),
    ],
)
async def test_a_comfyui_that_is_not_as_it_should_be(
    break_it: Callable[[ToldComfy], None], check_id: str, found: str, words: str
):
    async with ToldComfy() as comfy:
        break_it(comfy)
        checks = await examine(comfy.url)
    assert_found(checks, check_id, found, words)
    assert bad(checks) == {check_id}


async def test_memory_that_comfyui_itself_holds_is_no_trouble():
    async with ToldComfy() as comfy:
        held = {"vram_free": 2 * GB, "torch_vram_total": 22 * GB, "torch_vram_free": GB}
        comfy.device.update(held)
        checks = await examine(comfy.url)
    assert checks["engine.memory"].status is Status.OK


async def test_a_newer_comfyui_needs_no_flag_for_previews():
    async with ToldComfy() as comfy:
        comfy.argv = ["main.py"]
        comfy.system["comfyui_version"] = "0.36.0"
        checks = await examine(comfy.url)
    assert checks["engine.previews"].status is Status.OK


async def test_a_model_whose_name_tells_nothing_is_known_by_its_header():
    async with ToldComfy(checkpoints=()) as comfy:
        loader = json.loads(json.dumps(comfy.object_info["UNETLoader"]))
        loader["input"]["required"]["unet_name"][0] = ["my-own-thing.safetensors"]
        comfy.object_info["UNETLoader"] = loader
        before = await examine(comfy.url)
        comfy.model_headers["my-own-thing.safetensors"] = {
            "modelspec.architecture": "stable-diffusion-xl-v1-base"
        }
        after = await examine(comfy.url)
    assert before["engine.models"].message != after["engine.models"].message


async def test_the_values_of_flags_are_never_told():
    async with ToldComfy() as comfy:
        comfy.argv += ["--output-directory", "/mnt/secret-project", "--listen=10.9.8.7"]
        checks = await examine(comfy.url)
    told = json.dumps([check.body() for check in checks.values()])
    assert "--output-directory" in told
    assert "secret-project" not in told
    assert "10.9.8.7" not in told


def test_every_node_of_our_graphs_is_looked_for_unless_it_is_of_a_pack():
    known = {*NEEDED, *LOADERS, *(name for names in FEATURES.values() for name in names)}
    used = {
        node["class_type"]
        for path in GOLDEN.glob("*.json")
        for node in json.loads(path.read_text(encoding="utf-8"))["graph"].values()
    }
    assert {name for name in used - known if advice(name) is None} == set()


async def test_the_sketch_engine_is_named_as_what_it_is():
    from imagine.sketch import serve

    async with serve(step_ms=0) as engine:
        checks = await examine(engine.url)
    assert bad(checks) == set()
    assert "sketch engine" in checks["engine.comfyui"].message
