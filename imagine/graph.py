"""The node vocabulary: a graph of ComfyUI nodes in the making, and the finished workflow.

Recipes say what they want (`load_checkpoint`, `sample`); only this file knows what ComfyUI calls
the nodes, their inputs and their output slots. The tests hold every one against recorded schemas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from imagine.models import Note

# The loader for one, two, three and four text encoders, and its inputs.
_TEXT_ENCODER_LOADERS = (
    ("CLIPLoader", ("clip_name",)),
    ("DualCLIPLoader", ("clip_name1", "clip_name2")),
    ("TripleCLIPLoader", ("clip_name1", "clip_name2", "clip_name3")),
    ("QuadrupleCLIPLoader", ("clip_name1", "clip_name2", "clip_name3", "clip_name4")),
)
# The loaders that are told what the encoders are for; the others find out.
_TYPED_LOADERS = ("CLIPLoader", "DualCLIPLoader")


class Output(NamedTuple):
    """One output slot of a node; given as an input, it is a link."""

    node: str
    slot: int = 0


@dataclass(frozen=True, slots=True)
class OutputNode:
    """A node that saves. ``image``: the picture's index, or None for the whole batch in order."""

    node_id: str
    image: int | None


@dataclass(frozen=True, slots=True)
class Sampler:
    """A node that samples, and the picture it works on (None: the whole batch at once)."""

    image: int | None
    steps: int


@dataclass(frozen=True, slots=True)
class Workflow:
    """A graph in ComfyUI's API format, and what a reader of its progress has to know.

    Units: ``weights`` are the relative costs of the nodes; a sampler's is its number of steps.
    """

    graph: dict[str, dict[str, Any]]
    outputs: tuple[OutputNode, ...]
    samplers: Mapping[str, Sampler]
    weights: Mapping[str, float]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a sampler runs. ``end_step``: stop there and leave the picture unfinished."""

    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    end_step: int | None = None


class Graph:
    """A graph in the making. Nodes are numbered in the order in which they are added."""

    def __init__(self) -> None:
        self._nodes: dict[str, dict[str, Any]] = {}

    def add(self, class_type: str, title: str, **inputs: Any) -> str:
        """Add a node and return its id; an `Output` among the inputs becomes a link."""
        node_id = str(len(self._nodes) + 1)
        self._nodes[node_id] = {
            "class_type": class_type,
            "inputs": {
                name: list(value) if isinstance(value, Output) else value
                for name, value in inputs.items()
            },
            "_meta": {"title": title},
        }
        return node_id

    def to_api(self) -> dict[str, dict[str, Any]]:
        """Return the nodes in ComfyUI's API format."""
        return self._nodes

    # Loaders

    def load_checkpoint(self, name: str) -> tuple[Output, Output, Output]:
        """Return the model, the text encoder and the VAE of a checkpoint."""
        node = self.add("CheckpointLoaderSimple", "Model", ckpt_name=name)
        return Output(node, 0), Output(node, 1), Output(node, 2)

    def load_diffusion_model(self, name: str) -> Output:
        return Output(self.add("UNETLoader", "Model", unet_name=name, weight_dtype="default"))

    def load_text_encoders(self, names: Sequence[str], kind: str | None) -> Output:
        """Load one to four text encoders as one; ``kind`` is ComfyUI's name of the family."""
        class_type, inputs = _TEXT_ENCODER_LOADERS[len(names) - 1]
        files = dict(zip(inputs, names, strict=True))
        if class_type in _TYPED_LOADERS:
            return Output(self.add(class_type, "Text encoder", **files, type=kind))
        return Output(self.add(class_type, "Text encoder", **files))

    def load_vae(self, name: str) -> Output:
        return Output(self.add("VAELoader", "VAE", vae_name=name))

    # Models

    def lora(
        self, model: Output, clip: Output, name: str, strength: float
    ) -> tuple[Output, Output]:
        node = self.add(
            "LoraLoader",
            f"LoRA {name}",
            model=model,
            clip=clip,
            lora_name=name,
            strength_model=strength,
            strength_clip=strength,
        )
        return Output(node, 0), Output(node, 1)

    def lora_model_only(self, model: Output, name: str, strength: float) -> Output:
        node = self.add(
            "LoraLoaderModelOnly",
            f"LoRA {name}",
            model=model,
            lora_name=name,
            strength_model=strength,
        )
        return Output(node)

    def clip_skip(self, clip: Output, layers: int) -> Output:
        """End the text encoder at the ``layers``-th layer from its end (1 = the last)."""
        node = self.add("CLIPSetLastLayer", "Clip skip", clip=clip, stop_at_clip_layer=-layers)
        return Output(node)

    def flow_shift(self, class_type: str, model: Output, shift: float) -> Output:
        return Output(self.add(class_type, "Flow shift", model=model, shift=shift))

    # Words

    def encode(self, clip: Output, text: str, title: str) -> Output:
        return Output(self.add("CLIPTextEncode", title, text=text, clip=clip))

    def zero_out(self, conditioning: Output) -> Output:
        """Return the empty conditioning that models without a negative prompt are given."""
        node = self.add("ConditioningZeroOut", "No negative prompt", conditioning=conditioning)
        return Output(node)

    def flux_guidance(self, conditioning: Output, guidance: float) -> Output:
        node = self.add("FluxGuidance", "Guidance", conditioning=conditioning, guidance=guidance)
        return Output(node)

    # Latents

    def empty_latent(self, class_type: str, width: int, height: int, batch_size: int) -> Output:
        node = self.add(
            class_type, "Empty picture", width=width, height=height, batch_size=batch_size
        )
        return Output(node)

    def latent_from_batch(self, samples: Output, index: int, title: str) -> Output:
        """Take one latent of a batch; it keeps the noise of its place in the batch."""
        node = self.add("LatentFromBatch", title, samples=samples, batch_index=index, length=1)
        return Output(node)

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
            "steps": how.steps,
            "cfg": how.cfg,
            "sampler_name": how.sampler,
            "scheduler": how.scheduler,
        }
        if how.end_step is None:
            return Output(self.add("KSampler", title, **common, seed=how.seed, denoise=1.0))
        node = self.add(
            "KSamplerAdvanced",
            title,
            **common,
            noise_seed=how.seed,
            add_noise="enable",
            start_at_step=0,
            end_at_step=how.end_step,
            return_with_leftover_noise="disable",
        )
        return Output(node)

    # Pictures

    def decode(self, samples: Output, vae: Output, title: str) -> Output:
        return Output(self.add("VAEDecode", title, samples=samples, vae=vae))

    def save(self, images: Output, filename_prefix: str, title: str) -> str:
        """Save pictures into ComfyUI's output folder; return the id of the node."""
        return self.add("SaveImage", title, images=images, filename_prefix=filename_prefix)
