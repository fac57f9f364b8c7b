"""What an action makes of a prompt: words, seed, shape, and the origin from which the child grows.

Pure. The graphs know nothing of actions that only make another set (reroll, remix) or pick one
picture (single), and the prompt of a child says what the child is: submitted again without its
parent it makes pictures of the same words in the same shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from imagine import geometry
from imagine.errors import Detail, PromptError
from imagine.input_image import Size
from imagine.links import picture_link
from imagine.media import what_else
from imagine.models import Action, Direction, Job, JobImage, Note, Origin, Strength
from imagine.prompt_parser import Prompt
from imagine.registry.rerunning import is_run
from imagine.sizes import RATIO_TOLERANCE, clamp_aspect, ratio_error, shape_of

LEAST_FACTOR, MOST_FACTOR = 1.0, 2.0
USUAL_STRENGTH: Mapping[Action, Strength] = {
    Action.VARIATION: Strength.STRONG,
    Action.UPSCALE: Strength.SUBTLE,
}
# Another set of the same, or one picture of it: what it grew from stays as it was.
REPEATS = (Action.SINGLE, Action.REROLL, Action.REMIX)
# The same noise as before; all others draw their own.
SAME_SEED = (Action.SINGLE, Action.UPSCALE, Action.ENHANCE)
# Where a prompt may say the shape; elsewhere the picture or the action does.
FREE_SHAPE = (Action.ZOOM, Action.RESHAPE)

Shape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ActionAsk:
    """What is asked of a picture. ``mask`` is a link; ``image`` None: the first one."""

    action: Action
    image: int | None = None
    strength: Strength | None = None
    factor: float | None = None
    direction: Direction | None = None
    mask: str | None = None
    aspect: str | None = None
    prompt: str | None = None


class Growth:
    """One action on one picture of a job. ``parent`` is the job's canonical prompt."""

    def __init__(self, ask: ActionAsk, job: Job, picture: JobImage, parent: Prompt) -> None:
        self.ask = ask
        self.job = job
        self.picture = picture
        self.parent = parent

    @property
    def member(self) -> int | None:
        """Which picture of the set is made alone."""
        return self.picture.index if self.ask.action is Action.SINGLE else None

    def check(self) -> None:
        """Refuse what would make no difference, or has nothing to work on.

        Raises:
            PromptError: it would.
        """
        used, number = self.job.parameters, self.job.number
        other = what_else(self.picture.media_type, self.picture.duration_s)
        if other is not None and self.ask.action not in REPEATS:
            text = f"Output {self.picture.index} of set {number} is {other}, and {self.ask.action} "
            text += "works on still pictures. Reroll the set, or upload a still picture of it."
            raise problem("action", text, suggestion=Action.REROLL)
        match self.ask.action:
            case Action.SINGLE if is_run(self.job):
                text = f"Set {number} was made by the workflow {used['workflow']}, which makes all "
                text += "its pictures at once. Reroll the set, or vary the picture."
                raise problem("action", text, suggestion=Action.REROLL)
            case Action.SINGLE if used.get("batch_size", 1) == 1:
                raise problem("action", f"Set {number} is a single picture already.")
            case Action.ENHANCE if is_run(self.job) or not used.get("draft"):
                text = f"Set {number} is no draft, so there is nothing to enhance."
                raise problem("action", text, suggestion=Action.UPSCALE)
            case Action.SQUARE if self._size.width == self._size.height:
                raise problem("action", "The picture is square already.", suggestion=Action.ZOOM)

    def own_text(self) -> str:
        """Return the parent's prompt as the child's own: what the action changes is taken out."""
        left_out = {
            "seed": self.ask.action not in SAME_SEED,
            "draft": self.ask.action is Action.ENHANCE,
            "zoom": self._grows_by is Action.ZOOM,
            "aspect": self.ask.aspect is not None,
            "size": self.ask.aspect is not None,
        }
        kept = self.parent.with_parameters(**{name: None for name, out in left_out.items() if out})
        return (kept if self.ask.aspect is not None else self._shaped(kept)).canonical()

    def settle(self, prompt: Prompt) -> tuple[Prompt, Origin | None]:
        """Return the prompt and the origin of one child.

        Raises:
            PromptError: the prompt asks for what the action cannot do.
        """
        origin = self._repeated if self.ask.action in REPEATS else self._origin()
        if self.ask.prompt is not None:
            prompt = self._with_model(prompt)
        if origin is not None and origin.action is Action.ZOOM:
            typed = prompt.parameters.get("zoom")
            if isinstance(typed, int | float):
                origin = origin.model_copy(update={"factor": float(typed)})
            prompt = prompt.with_parameters(zoom=None)
        if self.ask.action in FREE_SHAPE:
            self._check_shape(prompt, origin)
        return self._shaped(prompt), origin

    # --- the origin

    @property
    def _size(self) -> Size:
        """What has no size, such as a text, counts as square."""
        return Size(self.picture.width or 1, self.picture.height or 1)

    @cached_property
    def _repeated(self) -> Origin | None:
        """What the job itself grew from."""
        origin = self.job.parameters.get("origin")
        return Origin.model_validate(origin) if origin is not None else None

    @property
    def _grows_by(self) -> Action | None:
        """What is done to a picture in the end; None when the child begins from nothing."""
        if self.ask.action in REPEATS:
            return self._repeated.action if self._repeated is not None else None
        return self.ask.action

    def _origin(self) -> Origin:
        ask = self.ask
        return Origin(
            action=ask.action,
            source=picture_link(self.job.id, self.picture.index),
            strength=ask.strength or USUAL_STRENGTH.get(ask.action),
            factor=(ask.factor or MOST_FACTOR) if ask.action is Action.ZOOM else None,
            direction=ask.direction,
            mask=ask.mask,
        )

    def _with_model(self, prompt: Prompt) -> Prompt:
        """Keep the parent's model, unless the new prompt names one in any way."""
        model = self.parent.parameters.get("model")
        if model is None or {"model", "version", "niji"} & prompt.parameters.keys():
            return prompt
        return prompt.with_parameters(model=model)

    # --- the shape

    @cached_property
    def _shape(self) -> Shape:
        """The shape of the picture, by the name that the prompt gave it."""
        return named_shape(self._size, prompt_shape(self.parent))

    @property
    def _result(self) -> Shape:
        """The shape of the child where its prompt does not say it."""
        across, down = self._shape
        if self.ask.action is Action.SQUARE:
            return 1, 1
        if self.ask.action is not Action.PAN:
            return across, down
        direction = self.ask.direction or Direction.RIGHT
        canvas = geometry.pan(self._size, direction, self._size.pixels).canvas
        if direction in (Direction.LEFT, Direction.RIGHT):
            return named_shape(canvas, (across * 3, down * 2))
        return named_shape(canvas, (across * 2, down * 3))

    def _asks_for_shape(self, prompt: Prompt) -> bool:
        """Tell whether the request says a shape, as its prompt or beside it."""
        is_new = self.ask.prompt is not None or self.ask.aspect is not None
        return is_new and not {"aspect", "size"}.isdisjoint(prompt.parameters)

    def _shaped(self, prompt: Prompt) -> Prompt:
        """Write into a prompt the shape that its pictures will have."""
        action = self._grows_by
        if action is None:
            return prompt
        if not self._asks_for_shape(prompt):
            return with_shape(prompt, self._result)
        if action in FREE_SHAPE:
            if "size" not in prompt.parameters:
                return prompt
            across, down = prompt_shape(prompt)
            return prompt.with_parameters(aspect=f"{across}:{down}", size=None)
        shaped = with_shape(prompt, self._result)
        return shaped if shaped is prompt else shaped.with_notes(_kept_note(prompt, action))

    def _check_shape(self, prompt: Prompt, origin: Origin | None) -> None:
        """Refuse a reshape to the same shape, and a zoom that goes nowhere."""
        wanted = prompt_shape(prompt) if self._asks_for_shape(prompt) else None
        if wanted is not None and ratio_error(*self._size, *wanted) > RATIO_TOLERANCE:
            return
        if self.ask.action is Action.RESHAPE:
            shape = None if wanted is None else f"{wanted[0]}:{wanted[1]}"
            text = "reshape needs another shape, as aspect or with --ar."
            if shape is not None:
                text = f"The picture has the shape {shape} already."
            raise problem("aspect", text, value=shape, allowed="W:H")
        if origin is not None and origin.factor == LEAST_FACTOR:
            raise problem(
                "factor",
                "A zoom of 1 changes nothing without another shape.",
                value="1",
                allowed=f"{LEAST_FACTOR:g}–{MOST_FACTOR:g}",
                suggestion="1.5",
            )


def problem(name: str, message: str, **more: str | None) -> PromptError:
    """Return an error about one field of the request."""
    return PromptError(message, details=[Detail(parameter=name, message=message, **more)])


def prompt_shape(prompt: Prompt) -> Shape:
    """Return the shape that a prompt asks for."""
    size, aspect = prompt.parameters.get("size"), prompt.parameters.get("aspect", "1:1")
    if isinstance(size, str):
        across, down = (int(side) for side in size.split("x"))
        return shape_of(across, down)
    across, down = (int(side) for side in str(aspect).split(":"))
    return clamp_aspect(across, down)


def named_shape(size: Size, usual: Shape) -> Shape:
    """Return the shape of a size: as it is usually named, when that comes near enough."""
    if ratio_error(*size, *usual) <= RATIO_TOLERANCE:
        return shape_of(*usual)
    return clamp_aspect(*shape_of(*size))


def with_shape(prompt: Prompt, shape: Shape) -> Prompt:
    """Return the prompt with another shape; the very prompt, if it has that one already."""
    if ratio_error(*prompt_shape(prompt), *shape) <= RATIO_TOLERANCE:
        return prompt
    return prompt.with_parameters(aspect=f"{shape[0]}:{shape[1]}", size=None)


def _kept_note(prompt: Prompt, action: Action) -> Note:
    name = "size" if "size" in prompt.parameters else "aspect"
    flag = prompt.vocabulary.by_name[name].flag
    text = f"{flag} {prompt.parameters[name]} was left out: {action} gives the shape itself."
    return Note(parameter=name, message=text)
