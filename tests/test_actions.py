"""What each action takes, with which pictures it can be done, and what it makes of a prompt."""

from typing import Any

import pytest

from imagine.actions import ALLOWED, NEEDS, STRENGTHS, TAKES, check_fields, finished_picture
from imagine.errors import ConflictError, PromptError
from imagine.growth import ActionAsk, Growth
from imagine.models import Action, Direction, Job, JobImage, JobState, Origin, Strength, utc_now
from imagine.prompt_parser import Prompt, apply_options, parse
from tests.samples import PARAMETERS, a_job

FILLED: dict[str, Any] = {
    "strength": Strength.SUBTLE,
    "factor": 1.5,
    "direction": Direction.UP,
    "mask": "upload:" + "0" * 64,
    "aspect": "16:9",
    "prompt": "a blue fox",
}


def an_ask(action: Action, **fields: Any) -> ActionAsk:
    """Return an ask with what the action cannot do without."""
    needed = {NEEDS[action]: FILLED[NEEDS[action]]} if action in NEEDS else {}
    return ActionAsk(action, **{**needed, **fields})


def a_picture(width: int = 1024, height: int = 1024, index: int = 0) -> JobImage:
    return JobImage(
        index=index,
        url="/api/images/a.png",
        thumbnail="/api/thumbnails/a.png",
        width=width,
        height=height,
        media_type="image/png",
        bytes=1,
    )


def grown(
    prompt: str, size: tuple[int, int], ask: ActionAsk, **parameters: Any
) -> tuple[Prompt, Origin | None]:
    """Return what an action makes of a job with this canonical prompt."""
    job = a_job(canonical=prompt, parameters={**PARAMETERS, **parameters})
    growth = Growth(ask, job, a_picture(*size), parse(prompt))
    growth.check()
    read = parse(ask.prompt if ask.prompt is not None else growth.own_text())
    return growth.settle(apply_options(read, {"aspect": ask.aspect}, read.vocabulary))


# --- fields


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("field", FILLED)
def test_an_action_takes_its_own_fields_and_names_any_other(action: Action, field: str):
    ask = an_ask(action, **{field: FILLED[field]})
    if field in TAKES[action]:
        check_fields(ask)
        return
    with pytest.raises(PromptError, match=f"{action} takes no {field}") as caught:
        check_fields(ask)
    (detail,) = caught.value.details
    assert detail.parameter == field
    assert detail.allowed == (", ".join(TAKES[action]) or None)


@pytest.mark.parametrize("action", NEEDS)
def test_a_field_that_an_action_cannot_do_without_is_asked_for(action: Action):
    with pytest.raises(PromptError, match=f"{action} needs a {NEEDS[action]}") as caught:
        check_fields(ActionAsk(action))
    (detail,) = caught.value.details
    assert detail.allowed == ALLOWED[NEEDS[action]]


@pytest.mark.parametrize("action", STRENGTHS)
def test_a_strength_of_another_action_is_refused_with_those_there_are(action: Action):
    for strength in Strength:
        if strength in STRENGTHS[action]:
            check_fields(ActionAsk(action, strength=strength))
            continue
        with pytest.raises(PromptError, match=" or ".join(STRENGTHS[action])) as caught:
            check_fields(ActionAsk(action, strength=strength))
        assert caught.value.details[0].suggestion in STRENGTHS[action]


@pytest.mark.parametrize(
    ("factor", "near"), [(0.99, "1.5"), (-3.0, "1.5"), (2.01, "2"), (float("inf"), "2")]
)
def test_a_factor_out_of_range_is_refused_with_one_that_works(factor: float, near: str):
    with pytest.raises(PromptError, match="1 to 2") as caught:
        check_fields(ActionAsk(Action.ZOOM, factor=factor))
    (detail,) = caught.value.details
    assert (detail.allowed, detail.suggestion) == ("1–2", near)


def test_all_that_is_wrong_is_told_at_once():
    ask = ActionAsk(Action.PAN, factor=9, mask="x")
    with pytest.raises(PromptError) as caught:
        check_fields(ask)
    found = {detail.parameter for detail in caught.value.details}
    assert found == {"direction", "factor", "mask"}


# --- pictures


def test_without_an_index_the_first_picture_is_meant():
    job = a_job(images=(a_picture(index=2), a_picture(index=3)))
    assert finished_picture(job, None).index == 2
    assert finished_picture(job, 3).index == 3


@pytest.mark.parametrize(
    ("fields", "index", "words"),
    [
        ({"state": JobState.QUEUED}, None, "no finished picture yet"),
        ({"state": JobState.RUNNING, "images": (a_picture(),)}, 3, "no finished picture 3 yet"),
        ({"state": JobState.FAILED}, 0, "has no pictures"),
        ({"state": JobState.CANCELED}, None, "has no pictures"),
        ({"state": JobState.EXPIRED, "images": (a_picture(),)}, 0, "retention"),
        (
            {"state": JobState.SUCCEEDED, "images": (a_picture(),), "deleted_at": utc_now()},
            0,
            "in the trash",
        ),
    ],
)
def test_a_picture_that_is_not_there_is_a_conflict(
    fields: dict[str, Any], index: int | None, words: str
):
    with pytest.raises(ConflictError, match=words):
        finished_picture(a_job(**fields), index)


def test_a_picture_that_never_will_be_is_refused_with_those_there_are():
    job = a_job(state=JobState.SUCCEEDED, images=(a_picture(), a_picture(index=1)))
    with pytest.raises(PromptError, match=r"no picture 7\. There are 0, 1\.") as caught:
        finished_picture(job, 7)
    assert caught.value.details[0].suggestion == "1"


@pytest.mark.parametrize(
    ("ask", "size", "words"),
    [
        (ActionAsk(Action.SINGLE), (512, 512), "single picture already"),
        (ActionAsk(Action.ENHANCE), (512, 512), "no draft"),
        (ActionAsk(Action.SQUARE), (512, 512), "square already"),
        (ActionAsk(Action.RESHAPE), (512, 512), "needs another shape"),
        (ActionAsk(Action.RESHAPE, prompt="a fox"), (512, 512), "needs another shape"),
        (ActionAsk(Action.RESHAPE, prompt="a fox --ar 16:9"), (1344, 768), "16:9 already"),
        (ActionAsk(Action.ZOOM, factor=1), (512, 512), "changes nothing"),
        (ActionAsk(Action.ZOOM, prompt="a fox --zoom 1"), (512, 512), "changes nothing"),
        (ActionAsk(Action.ZOOM, factor=1, prompt="a fox --ar 7:4"), (1344, 768), "changes nothing"),
    ],
)
def test_what_would_change_nothing_is_refused(ask: ActionAsk, size: tuple[int, int], words: str):
    with pytest.raises(PromptError, match=words):
        grown("a red fox --seed 1", size, ask, batch_size=1)


# --- prompts


@pytest.mark.parametrize("action", [action for action in Action if action != "remix"])
def test_the_seed_is_kept_only_where_the_picture_stays_the_same(action: Action):
    aspect = "16:9" if action is Action.RESHAPE else None
    ask = an_ask(action, aspect=aspect)
    made, _ = grown("a red fox --ar 3:2 --seed 7", (1216, 832), ask, draft=True)
    kept = made.parameters.get("seed")
    assert kept == (7 if action in ("single", "upscale", "enhance") else None)


PAN_LEFT, PAN_RIGHT, PAN_UP, PAN_DOWN = (
    ActionAsk(Action.PAN, direction=direction) for direction in Direction
)


@pytest.mark.parametrize(
    ("prompt", "size", "ask", "canonical"),
    [
        # What decides the shape writes it, in the terms of the prompt where these are near.
        ("fox --ar 16:9", (1344, 768), PAN_LEFT, "--ar 8:3"),
        ("fox --ar 16:9", (1344, 768), PAN_UP, "--ar 32:27"),
        ("fox", (1024, 1024), PAN_DOWN, "--ar 2:3"),
        ("fox --size 128x128", (128, 128), PAN_RIGHT, "--ar 3:2"),
        ("fox --ar 16:9", (1344, 768), ActionAsk(Action.SQUARE), "--ar 1:1"),
        ("fox", (1024, 1024), ActionAsk(Action.RESHAPE, prompt="fox --ar 2:3"), "--ar 2:3"),
        ("fox", (512, 512), ActionAsk(Action.RESHAPE, prompt="fox --size 640x320"), "--ar 2:1"),
        ("fox", (512, 512), ActionAsk(Action.ZOOM, factor=1, prompt="fox --ar 2:1"), "--ar 2:1"),
        # Others keep the shape of the picture, which may be another than that of the prompt.
        ("fox --ar 16:9", (1344, 768), ActionAsk(Action.VARIATION), "--ar 16:9"),
        ("fox --ar 16:9", (2016, 768), ActionAsk(Action.VARIATION), "--ar 21:8"),
        ("fox --size 512x512", (512, 512), ActionAsk(Action.UPSCALE), "--size 512x512"),
        ("fox --size 512x512", (768, 512), ActionAsk(Action.UPSCALE), "--ar 3:2"),
        ("fox --ar 16:9", (2016, 768), ActionAsk(Action.ZOOM), "--ar 21:8"),
        ("fox --ar 16:9", (1344, 768), ActionAsk(Action.ZOOM, prompt="fox"), "--ar 16:9"),
        ("fox --ar 16:9", (1344, 768), ActionAsk(Action.VARIATION, prompt="owl"), "--ar 16:9"),
        # And what begins from nothing has the shape that its prompt says.
        ("fox --ar 16:9", (2016, 768), ActionAsk(Action.REROLL), "--ar 16:9"),
        ("fox --ar 16:9", (1344, 768), ActionAsk(Action.REMIX, prompt="owl --ar 2:3"), "--ar 2:3"),
    ],
)  # fmt: skip
def test_the_prompt_of_a_child_says_its_shape(
    prompt: str, size: tuple[int, int], ask: ActionAsk, canonical: str
):
    made, _ = grown(prompt, size, ask)
    assert canonical in made.canonical()
    assert made.canonical().count("--ar") + made.canonical().count("--size") == 1


def test_a_shape_that_an_action_gives_itself_is_told_when_another_was_typed():
    ask = ActionAsk(Action.PAN, direction=Direction.LEFT, prompt="an owl --ar 4:5")
    made, _ = grown("fox", (1024, 1024), ask)
    assert "--ar 3:2" in made.canonical()
    assert [note.message for note in made.notes] == [
        "--ar 4:5 was left out: pan gives the shape itself."
    ]


def test_a_zoom_goes_out_as_far_as_the_prompt_says():
    ask = ActionAsk(Action.ZOOM, factor=2, prompt="an owl --zoom 1.5")
    made, origin = grown("fox --zoom 1.2", (512, 512), ask)
    assert origin is not None
    assert origin.factor == 1.5
    assert made.canonical() == "an owl"
    made, origin = grown("fox --zoom 1.2", (512, 512), ActionAsk(Action.ZOOM))
    assert origin is not None
    assert origin.factor == 2
    assert made.canonical() == "fox"


def test_a_draft_becomes_none_when_it_is_enhanced_and_stays_one_otherwise():
    for action, kept in ((Action.ENHANCE, False), (Action.UPSCALE, True)):
        made, _ = grown("fox --draft --hd --tile", (512, 512), ActionAsk(action), draft=True)
        assert ("--draft" in made.canonical()) == kept
        assert {"tile", "hd"} <= made.parameters.keys()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("an owl", True), ("an owl --model dream", False), ("an owl --niji 6", False)],
)
def test_a_new_prompt_keeps_the_model_unless_it_names_one(typed: str, kept: bool):
    ask = ActionAsk(Action.REMIX, prompt=typed)
    made, _ = grown("fox --model sd xl base", (512, 512), ask)
    assert ("--model sd xl base" in made.canonical()) == kept
    made, _ = grown("fox", (512, 512), ask)
    assert "xl" not in made.canonical()


ORIGIN = {"action": "pan", "source": "picture:x/1", "direction": "up"}


@pytest.mark.parametrize("action", [Action.SINGLE, Action.REROLL, Action.REMIX])
def test_a_repeated_job_grows_as_it_grew(action: Action):
    ask = an_ask(action)
    made, origin = grown("fox --ar 2:3", (1024, 1536), ask, origin=ORIGIN, member=2)
    assert origin == Origin.model_validate(ORIGIN)
    assert "--ar 2:3" in made.canonical()


def test_only_a_single_is_one_of_its_set():
    job: Job = a_job(parameters={**PARAMETERS, "member": 2})
    for action in Action:
        growth = Growth(an_ask(action), job, a_picture(index=1), parse("fox"))
        assert growth.member == (1 if action is Action.SINGLE else None)
