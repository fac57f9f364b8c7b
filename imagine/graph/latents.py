"""Latents: empty ones, encoded pictures, their noise, and sampling."""

from dataclasses import dataclass
from typing import Any

from imagine.graph.base import Nodes, Output

# The longest schedule that ComfyUI takes.
MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a sampler runs. ``end_step``: stop there and leave the picture unfinished.

    ``denoise`` below 1 keeps so much of what the latent shows; the steps stay as many.
    """

    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    end_step: int | None = None
    denoise: float = 1.0

    @property
    def taken(self) -> int:
        """How many steps are really taken."""
        return self.end_step or self.steps


class LatentNodes(Nodes):
    """Nodes that make, repeat, mask and sample latents."""

    def empty_latent(
        self, class_type: str, width: int, height: int, batch_size: int, **more: Any
    ) -> Output:
        """Add an empty latent; ``more`` is what its class wants besides, such as a length."""
        node = self.add(
            class_type, "Empty picture", width=width, height=height, batch_size=batch_size, **more
        )
        return Output(node)

    def latent_from_batch(self, samples: Output, index: int, title: str, length: int = 1) -> Output:
        """Take latents of a batch; each keeps the noise of its place in the batch."""
        node = self.add("LatentFromBatch", title, samples=samples, batch_index=index, length=length)
        return Output(node)

    def repeat_latent(self, samples: Output, amount: int) -> Output:
        """Make a batch of one latent; each place in it gets noise of its own."""
        return Output(self.add("RepeatLatentBatch", "A set of it", samples=samples, amount=amount))

    def same_noise(self, samples: Output) -> Output:
        """Give all of a batch the noise of its first place."""
        node = self.add(
            "LatentBatchSeedBehavior", "One noise for all", samples=samples, seed_behavior="fixed"
        )
        return Output(node)

    def noise_mask(self, samples: Output, mask: Output) -> Output:
        """Sample only where the mask is white."""
        node = self.add("SetLatentNoiseMask", "Only here", samples=samples, mask=mask)
        return Output(node)

    def encode_picture(self, pixels: Output, vae: Output, title: str) -> Output:
        """Return the latent of a picture whose sides are multiples of 8: it cuts off the rest."""
        return Output(self.add("VAEEncode", title, pixels=pixels, vae=vae))

    def decode(self, samples: Output, vae: Output, title: str) -> Output:
        return Output(self.add("VAEDecode", title, samples=samples, vae=vae))

    def sample(
        self,
        model: Output,
        positive: Output,
        negative: Output,
        latent: Output,
        how: Sampling,
        title: str,
    ) -> Output:
        common = {
            "model": model,
            "positive": positive,
            "negative": negative,
            "latent_image": latent,
            "cfg": how.cfg,
            "sampler_name": how.sampler,
            "scheduler": how.scheduler,
        }
        if how.end_step is None or how.denoise == 0:
            node = self.add(
                "KSampler", title, **common, steps=how.steps, seed=how.seed, denoise=how.denoise
            )
            return Output(node)
        # What KSampler makes of denoise: a longer schedule, of which the last steps are taken.
        steps = min(MOST_STEPS, int(how.steps / how.denoise))
        first = steps - how.steps
        node = self.add(
            "KSamplerAdvanced",
            title,
            **common,
            steps=steps,
            noise_seed=how.seed,
            add_noise="enable",
            start_at_step=first,
            end_at_step=first + how.end_step,
            return_with_leftover_noise="disable",
        )
        return Output(node)
