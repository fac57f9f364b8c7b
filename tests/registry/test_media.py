"""Workflows that begin from a video or a sound: what is read, asked, refused, filled and told."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.errors import PromptError
from imagine.importing.reading import Imported
from imagine.input_image import InputFile
from imagine.media import Kind
from imagine.prompt import VOCABULARY
from imagine.prompt_parser import parse
from imagine.registry.asking import WorkflowAsk
from imagine.registry.availability import problems
from imagine.registry.brought import ask_with_media, prompt_with_media
from imagine.registry.described import describe
from imagine.registry.entries import Entry
from imagine.registry.filling import fill
from imagine.registry.from_import import entry_of
from imagine.registry.rows import vocabulary_of, with_workflows
from imagine.registry.settling import range_of, settle
from imagine.registry.translation import given_of
from imagine.registry.values import check_values
from imagine.routes.workflow_schemas import form_schema, parameters_schema, run_schema
from tests.catalogs import object_info
from tests.importing.samples import read
from tests.registry.samples import PROFILES, link, node
from tests.registry.samples import entry as entry_with
from tests.registry.samples import parameter as parameter_of

ENGINE = Catalog.from_object_info(object_info())
VIDEO, OTHER, AUDIO, IMAGE = (link(n) for n in range(4))
KINDS = {VIDEO: Kind.VIDEO, OTHER: Kind.VIDEO, AUDIO: Kind.AUDIO, IMAGE: Kind.IMAGE}
FILES = {VIDEO: InputFile(VIDEO, "imagine/v.mp4", 64, 48)}
SOUNDS = {AUDIO: InputFile(AUDIO, "imagine/a.wav", None, None)}


def film(*, with_sound: bool = True) -> dict[str, Any]:
    """A graph: 1 video, 2 its pictures, 3 a sound, 4 both together, 5 saved."""
    sound: dict[str, Any] = {"audio": ["3", 0]} if with_sound else {"audio": ["2", 1]}
    graph = {
        "1": node("LoadVideo", file="old.mp4"),
        "2": node("GetVideoComponents", video=["1", 0]),
        "3": node("LoadAudio", audio="old.wav"),
        "4": node("CreateVideo", images=["2", 0], fps=24.0, **sound),
        "5": node("SaveVideo", video=["4", 0], filename_prefix="x", format="auto", codec="auto"),
    }
    if not with_sound:
        del graph["3"]
    return graph


def imported(graph: dict[str, Any]) -> Entry:
    flow: Imported = read(graph, ENGINE)
    return entry_of(flow, id="film", name="Film", profiles=PROFILES, catalog=ENGINE)


FILM = imported(film())


def told(entry: Entry) -> dict[str, Any]:
    return describe(entry, ENGINE, PROFILES)


# --- what it takes


def test_a_workflow_whose_only_input_is_a_video_needs_it() -> None:
    entry = imported(film(with_sound=False))
    (video,) = (one for one in settle(entry, ENGINE, PROFILES) if one.name == "video")
    assert (video.type, video.required, video.default, video.choices) == ("video", True, None, ())
    assert range_of(video) == "the link of a video"
    with pytest.raises(PromptError, match="video is missing: the workflow begins from a video"):
        check_values(entry, settle(entry, ENGINE, PROFILES), {}, lambda: 0)


def test_what_it_takes_is_told_by_kind() -> None:
    inputs = told(FILM)["inputs"]
    assert inputs["images"] == {"min": 0, "max": 0}
    assert inputs["videos"] == {"min": 1, "max": 1}
    assert inputs["audios"] == {"min": 0, "max": 1}
    assert told(FILM)["outputs"] == ["video"]
    assert told(FILM)["example"]["parameters"] == {"video": "link of an upload"}
    types = {one["name"]: (one["type"], one["flag"]) for one in told(FILM)["parameters"]}
    assert types["video"] == ("video", "--video")
    assert types["audio"] == ("audio", "--audio")


def test_it_runs_where_its_nodes_are_and_says_what_else_loads_a_video() -> None:
    assert problems(FILM, ENGINE, PROFILES) == ()
    wrong = entry_with(parameter_of("video", "video", "3.audio"), nodes=film())
    (problem,) = problems(wrong, ENGINE, PROFILES)
    assert problem.message is not None
    assert "does not load an uploaded video. Let it feed a LoadVideo" in problem.message


def test_its_schemas_take_a_file_of_each_kind() -> None:
    body = run_schema(told(FILM), {"type": "string"})
    assert body["properties"]["images"]["maxItems"] == 2
    assert body["properties"]["images"]["description"] == "Video, Audio"
    assert parameters_schema(told(FILM))["properties"]["video"]["type"] == "string"
    form = form_schema(told(FILM))
    assert {"file", "file_2"} <= form["properties"].keys()
    assert "file_3" not in form["properties"]
    assert form["required"] == ["file"]


# --- what is sent


def filled(**values: str) -> dict[str, Any]:
    images = {**FILES, **SOUNDS}
    return fill(FILM, values, images=images, catalog=ENGINE, filename_prefix="p").graph


def test_a_file_goes_into_its_node() -> None:
    graph = filled(video=VIDEO, audio=AUDIO)
    assert graph["1"]["inputs"]["file"] == "imagine/v.mp4"
    assert graph["3"]["inputs"]["audio"] == "imagine/a.wav"


def test_a_sound_that_is_not_given_is_left_out_with_its_node() -> None:
    graph = filled(video=VIDEO)
    assert "3" not in graph
    assert "audio" not in graph["4"]["inputs"]


@pytest.mark.parametrize("value", ["clip.mp4", 5, True, "ftp://example.com/a.mp4"])
def test_a_value_that_is_no_link_is_refused(value: object) -> None:
    with pytest.raises(PromptError, match="video takes the link of a video, such as upload:…"):
        check_values(FILM, settle(FILM, ENGINE, PROFILES), {"video": value}, lambda: 0)


# --- how it is asked for


def given(text: str) -> dict[str, Any]:
    parameters = settle(FILM, ENGINE, PROFILES)
    general = with_workflows(VOCABULARY, ["film"])
    prompt = parse(text, vocabulary_of(FILM, parameters, general))
    prompt = prompt_with_media(prompt, FILM, KINDS.get)
    assert parse(prompt.canonical(), prompt.vocabulary).parameters == prompt.parameters
    return dict(given_of(prompt, FILM, parameters).values)


@pytest.mark.parametrize(
    "text",
    [
        f"--workflow film --video {VIDEO} --audio {AUDIO}",
        f"{VIDEO} --workflow film --audio {AUDIO}",
        f"{AUDIO} {VIDEO} --workflow film",
    ],
)
def test_flags_and_leading_uploads_fill_the_parameters_of_their_kind(text: str) -> None:
    values = given(text)
    assert (values["video"], values["audio"]) == (VIDEO, AUDIO)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{VIDEO} {OTHER} --workflow film", "The workflow Film takes 1 video, and here are 2."),
        (f"{OTHER} --workflow film --video {VIDEO}", "takes 1 video, and here are 2."),
        (f"{IMAGE} --workflow film", "takes no pictures, and here is 1."),
    ],
)
def test_too_many_of_a_kind_are_refused_by_its_name(text: str, words: str) -> None:
    with pytest.raises(PromptError) as caught:
        given(text)
    assert words in caught.value.message


def test_the_files_of_a_request_are_sorted_out_by_kind() -> None:
    ask = ask_with_media(WorkflowAsk("film", images=(AUDIO, VIDEO)), FILM, KINDS.get)
    assert ask.images == ()
    assert ask.parameters == {"video": VIDEO, "audio": AUDIO}
    both = WorkflowAsk("film", {"video": OTHER}, images=(VIDEO,))
    with pytest.raises(PromptError, match="takes 1 video, and here are 2"):
        ask_with_media(both, FILM, KINDS.get)
    no_sounds = imported(film(with_sound=False))
    with pytest.raises(PromptError, match="takes no sounds, and here is 1"):
        ask_with_media(WorkflowAsk("film", images=(AUDIO,)), no_sounds, KINDS.get)
