"""What flows along the graph's links, and what a sampler does with it.

A latent is not a tensor here but a plan: which pictures of a batch, at which size, over which
earlier picture, through which mask. Sampling turns the plan into pictures.
"""

import random
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image, ImageFilter

from imagine.sketch import retouch
from imagine.sketch.editing import edit, go_on
from imagine.sketch.painter import Brief, paint

# ComfyUI scales its previews to this longer side, up as well as down.
PREVIEW_PX = 512


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded checkpoint; ``ink`` is how much of the ink LoRA is on it."""

    name: str
    ink: float = 0.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """One part of a prompt: texts mixed with their shares, and its strength among the others.

    ``pictures``: those that the model is given along with the words.
    """

    texts: tuple[tuple[str, float], ...]
    strength: float = 1.0
    pictures: tuple[Image.Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """One picture of a batch. ``index`` goes into the noise, and stays when it is taken out.

    ``start``: the first frame of a film. ``told``: the words of which it was painted, and a key
    that is its own.
    """

    index: int
    image: Image.Image | None = None
    start: Image.Image | None = None
    told: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Latent:
    """A batch to be sampled. Units: pixels, multiples of 8.

    ``mask``: white is painted, black stays. ``is_blank``: what lies under the mask is unknown.
    ``frames``: how many each draft becomes when it is decoded.
    """

    width: int
    height: int
    drafts: tuple[Draft, ...]
    mask: Image.Image | None = None
    is_blank: bool = False
    frames: int = 1

    def resized(self, width: int, height: int) -> "Latent":
        width, height = max(8, width // 8 * 8), max(8, height // 8 * 8)
        size = (width, height)
        drafts = tuple(
            replace(
                d,
                image=None if d.image is None else retouch.fit(d.image, size),
                start=None if d.start is None else retouch.fit(d.start, size),
            )
            for d in self.drafts
        )
        return replace(self, width=width, height=height, drafts=drafts)


@dataclass(frozen=True, slots=True)
class Sitting:
    """One run of a sampler: steps ``first`` + 1 to ``last`` of a schedule of ``steps``."""

    latent: Latent
    brief: Brief
    steps: int
    first: int
    last: int
    denoise: float
    is_final: bool = True
    # Pictures that the model is given along with the words.
    references: tuple[Image.Image, ...] = ()

    def render(self, draft: Draft, size: tuple[int, int]) -> Image.Image:
        """Paint one picture of the batch at any size; a smaller one is the same picture."""
        brief = replace(self.brief, index=draft.index)
        if draft.start is not None:
            picture = go_on(draft.start, brief, size)
        elif self.references and self.latent.mask is None:
            picture = edit(self.references, brief, size)
        elif draft.image is None:
            picture = paint(brief, *size)
        else:
            source = retouch.fit(draft.image, size)
            mask = self.latent.mask
            if mask is None:
                picture = retouch.rework(source, brief, self.denoise)
            else:
                picture = retouch.repaint(
                    source, retouch.fit(mask, size), brief, self.denoise, self.latent.is_blank
                )
        if self.is_final and self.last < self.steps:
            picture = _unfinished(picture, self.last / max(1, self.steps))
        return picture

    def full(self, draft: Draft) -> Image.Image:
        return self.render(draft, (self.latent.width, self.latent.height))

    def finished(self, draft: Draft, picture: Image.Image) -> Draft:
        """Return a draft as it is after this run."""
        brief = replace(self.brief, index=draft.index)
        return replace(draft, image=picture, told=(brief.text(), brief.key()))

    def study_size(self) -> tuple[int, int]:
        """Return the size at which previews are painted: at most PREVIEW_PX."""
        return _scaled(self.latent.width, self.latent.height, enlarge=False)

    def preview(self, study: Image.Image, step: int) -> bytes:
        """Return the frame after a step: noise first, then blocks, at the end the picture."""
        sharp = min(1.0, step / max(1, self.steps))
        return _frame(study, sharp, random.Random(f"{self.brief.seed} preview {step}"))


def _unfinished(picture: Image.Image, done: float) -> Image.Image:
    """Leave a picture as it stands before its last steps: soft, without its detail."""
    radius = (1 - done) * max(picture.size) * 0.02
    return picture.filter(ImageFilter.GaussianBlur(radius))


def _scaled(width: int, height: int, *, enlarge: bool) -> tuple[int, int]:
    scale = PREVIEW_PX / max(width, height)
    if scale > 1 and not enlarge:
        return width, height
    return max(1, round(width * scale)), max(1, round(height * scale))


def _frame(study: Image.Image, sharp: float, rng: random.Random) -> bytes:
    size = _scaled(*study.size, enlarge=True)
    blur = (1 - sharp) ** 1.5
    coarse_px = 24 + (PREVIEW_PX - 24) * (1 - blur) ** 2
    share = min(coarse_px, max(study.size)) / max(study.size)
    small = (max(2, round(study.width * share)), max(2, round(study.height * share)))
    picture = study if study.size == small else study.resize(small, Image.Resampling.BOX)
    if blur > 0:
        grid = (max(2, small[0] // 2), max(2, small[1] // 2))
        noise = Image.frombytes("RGB", grid, rng.randbytes(grid[0] * grid[1] * 3))
        picture = Image.blend(picture, noise.resize(small, Image.Resampling.BILINEAR), 0.75 * blur)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    out = BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
