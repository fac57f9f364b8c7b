"""What a person sees of a run that failed: the whole way from ComfyUI's words to the job's error.

The server over real sockets, in front of the scriptable fake.
"""

import ast
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from imagine import errors
from imagine.comfy_causes import CAUSES
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import follow, ready, submit
from tests.test_docs import all_errors

PROMPT = "a red fox --size 512x512 --steps 3 --batch 2 --seed 42"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def client(comfy: FakeComfy, start_server: StartServer) -> Client:
    return await ready(start_server, comfy)


async def error_of(client: Client, state: str = "failed") -> dict[str, Any]:
    """Make a job, and return its error as REST shows it."""
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await follower.end(job["id"])
    assert ended["state"] == state
    async with client.get(f"/api/jobs/{job['id']}") as answer:
        told: dict[str, Any] = await answer.json()
    assert told["error"] == ended["error"]
    error: dict[str, Any] = told["error"]
    return error


@pytest.mark.parametrize(
    ("node_type", "kind", "said", "code", "title", "message", "hint"),
    [
        (
            "KSampler",
            "torch.OutOfMemoryError",
            "Allocation on device \nThis error means you ran out of memory on your GPU.",
            "out_of_memory",
            "Picture 1: sampling",
            "The GPU ran out of memory in “Picture 1: sampling”, at step 2 of 3.",
            "Make it smaller (--size 384x384), or close other programs that use the GPU. "
            "With --oom-retry Imagine frees the memory and tries once more by itself.",
        ),
        (
            "CheckpointLoaderSimple",
            "FileNotFoundError",
            "Model in folder 'checkpoints' with filename 'fox.safetensors' not found.\n",
            "missing_model",
            "Model",
            "Model: ComfyUI does not have fox.safetensors.",
            "Put it into ComfyUI's models/checkpoints folder, or choose one that is installed.",
        ),
        (
            "VAEDecode",
            "RuntimeError",
            "Given groups=1, weight of size [64, 4, 3, 3], expected input[1, 16, 8, 8] to have 4 "
            "channels, but got 16 channels instead\n",
            "model_mismatch",
            "Picture 1: decoding",
            "Picture 1: decoding: the model, its text encoder, VAE, LoRA or ControlNet do not "
            "belong together.",
            "Choose a LoRA, ControlNet, text encoder and VAE that are made for this model.",
        ),
        (
            "SaveImage",
            "OSError",
            "[Errno 28] No space left on device: '/srv/ComfyUI/output/fox_00001_.png'\n",
            "disk_full",
            "Picture 1: saving",
            "Picture 1: saving: the disk that ComfyUI writes to is full.",
            "Free some space there, then try again.",
        ),
        (
            "CLIPTextEncode",
            "RuntimeError",
            "CUDA error: device-side assert triggered\nCUDA kernel errors might be reported late",
            "engine_broken",
            "Prompt",
            "The GPU stopped answering in “Prompt”.",
            "Restart ComfyUI, then try again.",
        ),
        (
            "KSampler",
            "KeyError",
            "'deis_99'\n",
            "node_failed",
            "Picture 1: sampling",
            "Picture 1: sampling failed: KeyError 'deis_99'.",
            "Change the prompt or the graph and try again; ComfyUI's own window tells more.",
        ),
    ],
    ids=["memory", "missing model", "mismatch", "disk", "gpu", "crash"],
)
async def test_a_job_tells_why_its_run_failed(
    client: Client,
    comfy: FakeComfy,
    node_type: str,
    kind: str,
    said: str,
    code: str,
    title: str,
    message: str,
    hint: str,
):
    comfy.fail_next(
        {
            "node_type": node_type,
            "exception_type": kind,
            "exception_message": said,
            "traceback": ['  File "/srv/ComfyUI/execution.py", line 496, in execute\n'],
        }
    )
    error = await error_of(client)
    assert (error["code"], error["message"], error["hint"]) == (code, message, hint)
    assert error["details"][0]["parameter"] == title
    assert "/srv" not in str(error)


async def test_a_job_tells_which_pack_brings_a_node_that_is_missing(
    client: Client, comfy: FakeComfy
):
    comfy.reject_next(
        {
            "error": {
                "type": "missing_node_type",
                "message": "Node 'Pose' not found. The custom node may not be installed.",
                "details": "Node ID '#99'",
                "extra_info": {"node_id": "99", "class_type": "DWPreprocessor"},
            },
            "node_errors": {},
        }
    )
    error = await error_of(client)
    assert error["code"] == "missing_node"
    assert error["message"] == "ComfyUI does not have the node DWPreprocessor."
    assert "comfyui_controlnet_aux" in error["hint"]


# --- The table of codes

ROOT = Path(__file__).parent.parent
FAMILIES = (
    errors.EngineError,
    errors.JobError,
    errors.NotFoundError,
    errors.PromptError,
    errors.StorageError,
    errors.WorkflowError,
)
MAKERS = ("comfy_*.py", "job_*.py", "dispatcher.py", "planner.py", "inputs.py", "images.py")


def codes_of(source: Path) -> Iterator[str]:
    """Yield every code that is given to an error as ``code=``."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "code":
            value = node.value.value if isinstance(node.value, ast.Constant) else None
            if isinstance(value, str):
                yield value


def codes_of_failed_jobs() -> set[str]:
    files = [file for pattern in MAKERS for file in (ROOT / "imagine").glob(pattern)]
    codes = {code for file in files for code in codes_of(file)}
    codes |= {kind.code for family in FAMILIES for kind in all_errors(family)}
    return codes | {cause.code for cause in CAUSES}


def codes_of_the_table() -> list[str]:
    table = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    return [code for row in rows[1:] for code in re.findall(r"`(\w+)`", row)]


def test_every_code_of_a_failed_job_is_in_the_table_once():
    told = codes_of_the_table()
    assert codes_of_failed_jobs() - set(told) == set()
    assert len(set(told)) == len(told) > 20


def test_the_table_invents_no_code():
    sources = (ROOT / "imagine").rglob("*.py")
    source = "".join(file.read_text(encoding="utf-8") for file in sources)
    invented = {code for code in codes_of_the_table() if f'"{code}"' not in source}
    assert invented == set()
