"""What can be done with a finished picture; each action is a child job, planned like any other.

Here is what each action takes and which pictures it can be done with; what becomes of the prompt is
in `imagine.growth`, and of the graph in `imagine.planning.origins`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from imagine.errors import ConflictError, Detail, PromptError
from imagine.growth import LEAST_FACTOR, MOST_FACTOR, ActionAsk, Growth, problem
from imagine.jobs import Jobs
from imagine.models import (
    Action,
    Direction,
    Job,
    JobImage,
    JobKind,
    JobState,
    Once,
    Parent,
    Strength,
)
from imagine.planner import MOST_STORED, Planner, read_apart
from imagine.prompt_parser import MAX_CHARACTERS, Prompt, Vocabulary, parse
from imagine.registry.rerunning import is_run, words_alone

FEWEST_BLENDED, MOST_BLENDED = 2, 5

# Which fields each action takes beside the picture, and which of them it cannot do without.
TAKES: Mapping[Action, tuple[str, ...]] = {
    Action.SINGLE: (),
    Action.UPSCALE: ("strength",),
    Action.VARIATION: ("strength", "prompt"),
    Action.REROLL: ("prompt",),
    Action.REMIX: ("prompt",),
    Action.ZOOM: ("factor", "aspect", "prompt"),
    Action.PAN: ("direction", "prompt"),
    Action.SQUARE: ("prompt",),
    Action.RESHAPE: ("aspect", "prompt"),
    Action.REGION: ("mask", "prompt"),
    Action.ENHANCE: (),
}
NEEDS: Mapping[Action, str] = {
    Action.REMIX: "prompt",
    Action.PAN: "direction",
    Action.REGION: "mask",
}
STRENGTHS: Mapping[Action, tuple[Strength, ...]] = {
    Action.VARIATION: (Strength.SUBTLE, Strength.STRONG),
    Action.UPSCALE: (Strength.SUBTLE, Strength.CREATIVE),
}
# What a field may hold.
ALLOWED: Mapping[str, str] = {
    "strength": ", ".join(Strength),
    "factor": f"{LEAST_FACTOR:g}–{MOST_FACTOR:g}",
    "direction": ", ".join(Direction),
    "mask": "the id of an upload",
    "aspect": "W:H",
    "prompt": "words, then flags",
}


@dataclass(frozen=True, slots=True)
class BlendAsk:
    """The links of pictures to be mixed."""

    images: tuple[str, ...]
    aspect: str | None = None
    prompt: str = ""


class Actions:
    """Makes child jobs. Owned by the app."""

    def __init__(self, jobs: Jobs, planner: Planner) -> None:
        self._jobs = jobs
        self._planner = planner

    async def act(self, job_id: str, ask: ActionAsk, once: Once | None = None) -> str:
        """Do something with a finished picture.

        Returns:
            A `imagine.jobs.Submission` as JSON, as with `Jobs.submit`, whose errors come here too.

        Raises:
            NotFoundError: there is no such job.
            ConflictError: the picture is not there, yet or any more.
            PromptError: the action cannot be done with this picture, or not so.
        """
        if (replay := await self._jobs.replay(once)) is not None:
            return replay
        check_fields(ask)
        job = await self._jobs.get(job_id)
        picture = finished_picture(job, ask.image)
        parents = (Parent(job=job.id, image=picture.index),)
        if is_run(job) and ask.action in (Action.REROLL, Action.REMIX):
            again = await self._planner.plan_again(job, ask.prompt)
            return await self._jobs.add(again, once, parents=parents)
        growth = Growth(ask, job, picture, await self._read_stored(job))
        growth.check()
        planned = [
            await self._planner.plan_one(prompt, origin=origin, member=growth.member)
            for prompt, origin in map(growth.settle, await self._read(growth))
        ]
        return await self._jobs.add(planned, once, parents=parents)

    async def blend(self, ask: BlendAsk, once: Once | None = None) -> str:
        """Mix pictures into a new set; answer and errors are as with `act`."""
        if (replay := await self._jobs.replay(once)) is not None:
            return replay
        count = len(ask.images)
        if not FEWEST_BLENDED <= count <= MOST_BLENDED:
            allowed = f"{FEWEST_BLENDED}–{MOST_BLENDED}"
            text = f"A blend takes {FEWEST_BLENDED} to {MOST_BLENDED} pictures. Here are {count}."
            raise problem("images", text, value=str(count), allowed=allowed)
        return await self._jobs.submit(
            ask.prompt,
            {"aspect": ask.aspect},
            once,
            images=ask.images,
            kind=JobKind.BLEND,
        )

    async def _read_stored(self, job: Job) -> Prompt:
        if is_run(job):
            return words_alone(job)
        vocabulary = Vocabulary(max_characters=MOST_STORED)
        return await read_apart(job.canonical, partial(parse, job.canonical, vocabulary))

    async def _read(self, growth: Growth) -> list[Prompt]:
        ask = growth.ask
        text, most = growth.own_text(), MOST_STORED
        if ask.prompt is not None:
            text, most = ask.prompt, MAX_CHARACTERS
        return await self._planner.read(text, {"aspect": ask.aspect}, most=most)


def finished_picture(job: Job, index: int | None) -> JobImage:
    """Return a picture of a job; without an index the first one.

    Raises:
        ConflictError: it is not there, yet or any more.
        PromptError: the job has no such picture.
    """
    name = f"Set {job.number}"
    if job.deleted_at is not None:
        raise ConflictError(f"{name} is in the trash. Restore it first.")
    if job.state is JobState.EXPIRED:
        raise ConflictError(f"The pictures of set {job.number} were removed by the retention rule.")
    if found := [image for image in job.images if index is None or image.index == index]:
        return found[0]
    if job.state.is_active:
        which = "no finished picture" if index is None else f"no finished picture {index}"
        raise ConflictError(f"{name} has {which} yet.", hint="Try again when it is there.")
    if not job.images:
        raise ConflictError(f"{name} has no pictures.", hint="Make it again first.")
    there = [image.index for image in job.images]
    near = min(there, key=lambda one: abs(one - (index or 0)))
    listed = ", ".join(map(str, there))
    raise problem(
        "image",
        f"{name} has no picture {index}. There {'is' if len(there) == 1 else 'are'} {listed}.",
        value=str(index),
        allowed=listed,
        suggestion=str(near),
    )


def check_fields(ask: ActionAsk) -> None:
    """Refuse what an action does not take, lacks, or cannot be told.

    Raises:
        PromptError: with every such field in its details.
    """
    if problems := [*_wrong_fields(ask), *_wrong_values(ask)]:
        raise PromptError(problems[0].message or "", details=problems)


def _wrong_fields(ask: ActionAsk) -> Iterator[Detail]:
    action = ask.action
    for name, allowed in ALLOWED.items():
        value = getattr(ask, name)
        if value is None and name == NEEDS.get(action):
            message = f"{action} needs a {name}: {allowed}."
            yield Detail(parameter=name, allowed=allowed, message=message)
        elif value is not None and name not in TAKES[action]:
            takes = ", ".join(TAKES[action])
            message = f"{action} takes no {name}." + (f" It takes {takes}." if takes else "")
            yield Detail(
                parameter=name, value=str(value)[:200], allowed=takes or None, message=message
            )


def _wrong_values(ask: ActionAsk) -> Iterator[Detail]:
    strengths = STRENGTHS.get(ask.action, ())
    if ask.strength is not None and strengths and ask.strength not in strengths:
        yield Detail(
            parameter="strength",
            value=ask.strength,
            allowed=", ".join(strengths),
            suggestion=strengths[-1],
            message=f"The strength of {ask.action} is {' or '.join(strengths)}.",
        )
    if ask.factor is not None and not LEAST_FACTOR <= ask.factor <= MOST_FACTOR:
        yield Detail(
            parameter="factor",
            value=f"{ask.factor:g}",
            allowed=ALLOWED["factor"],
            suggestion="2" if ask.factor > MOST_FACTOR else "1.5",
            message=f"factor is {LEAST_FACTOR:g} to {MOST_FACTOR:g}.",
        )
