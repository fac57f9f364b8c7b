"""The shipped workflows: each one fits ComfyUI as recorded, and what it says of itself is true."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from imagine.catalog import Catalog, InputSchema
from imagine.importing.fields import ParameterType
from imagine.importing.outputs import find_outputs
from imagine.input_image import InputImage
from imagine.media import HEAD_BYTES, Facts, recognise
from imagine.profiles import load_profiles
from imagine.registry.availability import problems, reason, remarks
from imagine.registry.entries import NUMBERS, Entry, Parameter
from imagine.registry.filling import fill
from imagine.registry.installed import stand_in_notes
from imagine.registry.settling import settle
from imagine.registry.values import check_values
from imagine.sketch import serve
from imagine.sketch.painter import Brief, paint
from imagine.workflow_files import LIBRARY, Registry
from tests.catalogs import engine_info, recorded_info
from tests.sketch.helpers import Client, connected, distance

ENTRIES = Registry(Path(__file__).with_name("nothing")).current().entries
PROFILES = load_profiles()
FAMILIES = {profile.family for profile in PROFILES}
# What the card promises, and more of the same for other families.
PROMISED = {
    *("text_to_image", "image_to_image", "inpaint", "outpaint", "upscale", "multi_image_edit"),
    *("batch_image_to_image", "character_sheet", "image_to_video", "text_to_3d"),
}
ENTRY = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
MODEL_FILE = re.compile(r".+\.(safetensors|pth)")


def installed() -> dict[str, Any]:
    """Return the recorded schemas, with the models that the shipped graphs name."""
    info = recorded_info()
    for entry in ENTRIES.values():
        for node in entry.graph.values():
            for name, value in node["inputs"].items():
                if isinstance(value, str) and MODEL_FILE.fullmatch(value):
                    config = info[node["class_type"]]["input"]["required"][name]
                    names = config[1]["options"] if config[0] == "COMBO" else config[0]
                    names.append(value)
    return info


CATALOG = Catalog.from_object_info(installed())
# An engine of somebody else, who has files of the same families.
OTHERS = Catalog.from_object_info(
    engine_info(
        checkpoints=["juggernautXL_v9.safetensors", "flux1-krea-dev-fp8.safetensors"],
        diffusion_models=[
            "Flux/flux1-kontext-dev-Q8.safetensors",
            "qwen_image_2512_fp8.safetensors",
            "Qwen-Image-Edit-2511_bf16.safetensors",
            "z_image_turbo_fp8.safetensors",
            "wan/Wan2_1-I2V-14B-720P_fp8.safetensors",
            "wan/Wan2_2-I2V-A14B-HIGH-noise_fp8.safetensors",
            "wan/Wan2_2-I2V-A14B-LOW-noise_fp8.safetensors",
        ],
        upscale_models=["4x-UltraSharp.pth"],
        clip_visions=["clip_vision_h.safetensors"],
        shapes=["hunyuan3d-dit-v2-0-fp16.safetensors"],
    )
)


def fed(entry: Entry, parameter: Parameter) -> Iterator[tuple[Any, InputSchema]]:
    """Yield what stands in the graph at each place that a parameter feeds, and its schema."""
    for node_id, name in parameter.feeds:
        node = entry.graph[node_id]
        yield node["inputs"][name], CATALOG.schemas[node["class_type"]].inputs[name]


def test_every_promised_workflow_is_shipped():
    assert set(ENTRIES) >= PROMISED
    assert Registry(Path("nothing")).current().broken == ()


@ENTRY
def test_an_engine_with_its_files_can_run_it(entry: Entry):
    assert problems(entry, CATALOG, PROFILES) == ()
    assert remarks(entry, CATALOG, PROFILES) == ()


@ENTRY
def test_files_of_other_names_do_as_well(entry: Entry):
    assert problems(entry, OTHERS, PROFILES) == ()


@ENTRY
def test_an_engine_without_its_files_says_which(entry: Entry):
    empty = Catalog.from_object_info(engine_info(text_encoders=(), vaes=()))
    found = problems(entry, empty, PROFILES)
    assert found
    assert all("installed" in str(detail.message) for detail in found), found


@ENTRY
def test_every_node_has_a_title_of_its_own(entry: Entry):
    titles = [node["_meta"]["title"] for node in entry.graph.values()]
    assert len(set(titles)) == len(titles)
    classes = {node["class_type"] for node in entry.graph.values()}
    assert not classes & set(titles)


@ENTRY
def test_an_entry_says_what_it_is(entry: Entry):
    assert entry.family == "" or entry.family in FAMILIES
    assert entry.description.endswith(".")
    assert entry.category != "other"
    assert find_outputs(entry.graph, CATALOG)
    needs_words = any(one.name == "prompt" for one in entry.parameters)
    assert (entry.example.prompt is not None) == needs_words
    for name, value in entry.example.parameters.items():
        parameter = entry.parameter(name)
        assert parameter is not None
        assert parameter.fits(value)


@ENTRY
def test_every_parameter_has_words_a_default_and_its_place(entry: Entry):
    for parameter in entry.parameters:
        assert parameter.label, parameter.name
        assert parameter.description.endswith("."), parameter.name
        for value, schema in fed(entry, parameter):
            assert not isinstance(value, list), parameter.name
            if parameter.type in (ParameterType.IMAGE, ParameterType.MASK):
                assert schema.upload == "image"
            elif parameter.type not in (ParameterType.SEED, ParameterType.MODEL):
                is_empty = parameter.required or parameter.default is None
                assert is_empty or value == parameter.default, parameter.name


@ENTRY
def test_ranges_lie_within_those_of_the_nodes(entry: Entry):
    for parameter in entry.parameters:
        for _, schema in fed(entry, parameter):
            if parameter.type in NUMBERS:
                assert None not in (parameter.min, parameter.max)
                assert schema.minimum is not None
                assert parameter.min is not None
                assert parameter.max is not None
                assert schema.minimum <= parameter.min <= parameter.max
                assert schema.maximum is None or parameter.max <= schema.maximum
                if schema.type == "INT" and schema.step and parameter.step:
                    assert parameter.step % schema.step == 0
            if parameter.type is ParameterType.CHOICE and schema.choices is not None:
                assert parameter.default in schema.choices.values
                assert set(parameter.choices) <= schema.choices.known


@ENTRY
def test_whatever_leads_to_a_model_can_be_chosen(entry: Entry):
    """Every file of a graph is a parameter: nobody's files are called as ours are."""
    offered = {feed for one in entry.parameters for feed in one.feeds}
    for node_id, node in entry.graph.items():
        for name, value in node["inputs"].items():
            if isinstance(value, str) and (name == "lora_name" or MODEL_FILE.fullmatch(value)):
                assert (node_id, name) in offered, node["_meta"]["title"]


def test_pictures_of_a_workflow_are_counted_on():
    """Four pictures come as image, image_2, image_3 and image_4; only the first has to be."""
    for name, most in (("multi_image_edit", 4), ("multi_image_edit_qwen", 3)):
        pictures = ENTRIES[name].of_type(ParameterType.IMAGE)
        assert [one.name for one in pictures] == ["image", "image_2", "image_3", "image_4"][:most]
        assert [one.required for one in pictures] == [True, False, False, False][:most]
    assert ENTRIES["batch_image_to_image"].max_batch_size == 10


@ENTRY
def test_a_graph_is_kept_as_comfyui_exports_it(entry: Entry):
    path = LIBRARY / entry.file.replace(".toml", ".json")
    text = json.dumps(entry.graph, indent=2, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == text


@ENTRY
def test_a_picture_shows_what_it_makes(entry: Entry):
    assert entry.picture is not None
    path = (LIBRARY / entry.file).with_name(entry.picture)
    assert path.stat().st_size <= 25_000
    with Image.open(path) as picture:
        assert (picture.format, picture.width) == ("WEBP", 480)


# --- on the sketch engine

# What it has no nodes for.
NOT_SKETCHED = {"text_to_3d": "ImageOnlyCheckpointLoader"}
# Small, so that each one is quick; what an entry does not have is left out.
SMALL = {
    "width": 256,
    "height": 256,
    "length": 5,
    "steps": 2,
    "switch": 1,
    "megapixels": 0.25,
    "left": 64,
    "right": 64,
    "factor": 1.5,
}
PICTURES = (ParameterType.IMAGE, ParameterType.MASK)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with serve(step_ms=0, output_dir=tmp_path) as engine, connected(engine.url) as client:
        yield client


async def made(client: Client, entry: Entry, *, pictures: int = 4, **given: Any) -> list[bytes]:
    """Run a shipped workflow with its example, and return the files that it gave."""
    catalog = Catalog.from_object_info(await client.get("/object_info"))
    assert problems(entry, catalog, PROFILES) == ()
    links = {}
    for number, one in enumerate(entry.of_type(*PICTURES)[:pictures]):
        links[one.name] = f"upload:{number:064x}"
        await client.upload(shown(one), f"{one.name}.png")
    small = {name: value for name, value in SMALL.items() if entry.parameter(name)}
    asked = {**entry.example.parameters, **small, "seed": 7, **links, **given}
    if entry.prompt is not None:
        asked = {"prompt": entry.example.prompt, **asked}
    asked = {name: value for name, value in asked.items() if entry.parameter(name)}
    settled = settle(entry, catalog, PROFILES)
    filled = fill(
        entry,
        check_values(entry, settled, asked, draw=lambda: 7),
        images={link: InputImage(link, f"{name}.png", 192, 128) for name, link in links.items()},
        catalog=catalog,
        filename_prefix="imagine/x",
    )
    run = await client.run(filled.graph)
    assert "execution_success" in run.kinds(), run.messages[-3:]
    return [await client.view(image) for image in run.images()]


def shown(picture: Parameter) -> Image.Image:
    if picture.type is ParameterType.MASK:
        mask = Image.new("L", (192, 128))
        mask.paste(255, (60, 30, 130, 100))
        return mask
    words = {"image": "a lighthouse by the sea", "image_2": "a red fox in the snow"}
    brief = Brief(((words.get(picture.name, picture.name), 1.0),), avoid="", seed=5)
    return paint(brief, 192, 128)


@pytest.mark.parametrize("name", sorted(ENTRIES.keys() - NOT_SKETCHED))
async def test_it_runs_on_the_sketch_engine(client: Client, name: str):
    files = await made(client, ENTRIES[name])
    [file] = files
    if ENTRIES[name].category == "video":
        kind = recognise(file[:HEAD_BYTES])
        assert kind is not None
        assert kind.media_type == "video/webm"
        assert kind.describe(BytesIO(file)) == Facts(256, 256, 5 / 16)
    else:
        with Image.open(BytesIO(file)) as picture:
            picture.load()
            assert min(picture.size) >= 128
            assert max(high - low for low, high in ImageStat.Stat(picture).extrema) > 100


async def test_a_job_says_what_stands_in_for_its_files(client: Client):
    catalog = Catalog.from_object_info(await client.get("/object_info"))
    entry = ENTRIES["image_to_video"]
    used = {one.name: one.default for one in settle(entry, catalog, PROFILES)}
    [note] = stand_in_notes(entry, used, given=("vae",))
    assert note.message.startswith("Model: sketch.safetensors, in place of wan2.1_i2v_480p_14B")
    assert "clip_vision_h" in note.message
    assert "wan_2.1_vae" not in note.message
    assert stand_in_notes(entry, dict.fromkeys(used, None), given=()) == ()


async def test_what_the_sketch_engine_cannot_run_says_why(client: Client):
    catalog = Catalog.from_object_info(await client.get("/object_info"))
    for name, missing in NOT_SKETCHED.items():
        told = str(reason(problems(ENTRIES[name], catalog, PROFILES)))
        assert f"the sketch engine has no node {missing}. It only paints sketches." in told
        assert told.endswith("Connect a ComfyUI to run this.")


@pytest.mark.parametrize("name", ["multi_image_edit", "multi_image_edit_qwen"])
async def test_every_picture_that_is_given_changes_the_result(client: Client, name: str):
    most = len(ENTRIES[name].of_type(ParameterType.IMAGE))
    results = {
        (await made(client, ENTRIES[name], pictures=count))[0] for count in range(1, most + 1)
    }
    assert len(results) == most


async def test_outside_the_mask_every_pixel_stays(client: Client):
    [file] = await made(client, ENTRIES["inpaint"])
    before = shown(ENTRIES["inpaint"].parameters[0])
    with Image.open(BytesIO(file)) as after:
        assert after.size == before.size
        changed = ImageChops.difference(after.convert("RGB"), before).getbbox()
    assert changed is not None
    # The mask, its margin and its soft edge.
    assert changed[0] >= 60 - 24
    assert changed[3] <= 100 + 24


async def test_beyond_the_edge_the_picture_itself_stays(client: Client):
    values = {"left": 96, "right": 0, "top": 32, "feathering": 0}
    [file] = await made(client, ENTRIES["outpaint"], **values)
    with Image.open(BytesIO(file)) as after:
        size = after.size
        kept = after.convert("RGB").crop((96, 32, *size))
    before = shown(ENTRIES["outpaint"].parameters[0])
    assert distance(kept, before.resize(kept.size, Image.Resampling.LANCZOS)) < 2


async def test_enlarging_gives_the_factor_that_was_asked_for(client: Client):
    for factor in (1.0, 1.75, 4.0):
        [file] = await made(client, ENTRIES["upscale"], factor=factor)
        with Image.open(BytesIO(file)) as picture:
            assert picture.size == (192 * factor, 128 * factor)
