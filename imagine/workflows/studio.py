"""What all recipes share: the graph in the making, the loaded model, and the steps to a picture.

ComfyUI previews only the first picture of a latent batch, and shows none finished until all are.
So each picture has a branch of its own, from ``LatentFromBatch`` to ``SaveImage``; loaders and
text encodings are shared. Picture k has the noise of place k in the batch either way, so it can be
made again alone.
"""

from collections.abc import Iterator
from typing import TypeAlias

from imagine.graph import Graph, Output, OutputNode, Sampler, Sampling, Workflow
from imagine.graph.costs import cost
from imagine.image_request import ImageRequest
from imagine.input_image import InputImage, Size
from imagine.model_choice import ModelFiles
from imagine.profiles import Profile
from imagine.workflows.wording import Words, Writer

# What a branch makes: one picture of the set, several of them at once, or all (None).
Place: TypeAlias = int | range | None

# The families whose text encodings cannot be averaged: those of SD 3 put two encoders one after
# the other, where a longer text moves the second, and HiDream's has parts that do not take part.
_APART = ("sd3", "hidream")
# What is done once for each picture of a batch.
_PER_PICTURE = ("VAEDecode", "SaveImage")


class Studio:
    """One graph in the making. ``model``, ``clip`` and ``vae`` may be patched before words are."""

    def __init__(self, request: ImageRequest, profile: Profile, files: ModelFiles) -> None:
        self.graph = Graph()
        self.request = request
        self.profile = profile
        self.model, self.clip, self.vae = _load(self.graph, request, profile, files)
        self.writer = Writer(self.graph, request, is_apart=profile.family in _APART)
        if (told := profile.system_prompt) is not None:
            self.writer.encoder = lambda clip, text, title: self.graph.encode_told(
                clip, told, text, title
            )
        # IPAdapter's preset → what was loaded for it.
        self.adapters: dict[str, Output] = {}
        self._loaded: dict[str, Output] = {}
        self._samplers: dict[str, Sampler] = {}
        self._costs: dict[str, float] = {}
        self._outputs: list[OutputNode] = []

    def load(self, image: InputImage, title: str) -> Output:
        """Return a picture of the engine's input folder, loaded once."""
        if image.name not in self._loaded:
            self._loaded[image.name] = self.graph.load_image(image.name, title)
        return self._loaded[image.name]

    def repeated(self, latent: Output) -> Output:
        """Return a latent once for each picture of the set."""
        count = self.request.batch_size
        return latent if count == 1 else self.graph.repeat_latent(latent, count)

    def places(self, batch: Output) -> Iterator[tuple[Place, Output]]:
        """Take the pictures out of a latent batch: each one's place, or those of a half."""
        if self.request.together and self.request.is_halved:
            half = self.request.at_once
            for share in (range(half), range(half, self.request.batch_size)):
                title = f"{name_of(share)}: noise"
                yield share, self.graph.latent_from_batch(batch, share.start, title, len(share))
        elif self.request.together:
            yield None, batch
        elif self.request.batch_size == 1:
            yield 0, batch
        else:
            for place in self.request.pictures:
                title = f"{name_of(place)}: noise"
                yield place, self.graph.latent_from_batch(batch, place, title)

    def words_of(self, place: Place) -> tuple[Words, float]:
        """Return the words and the cfg of one picture."""
        if not isinstance(place, int) or not self.request.variety:
            return self.writer.shared(self.clip), self.request.cfg
        variety = self.request.variety[place]
        return self.writer.varied(self.clip, variety.mix, name_of(place)), variety.cfg

    def sample(
        self,
        latent: Output,
        place: Place,
        *,
        size: Size,
        denoise: float = 1.0,
        steps: int | None = None,
        model: Output | None = None,
        doing: str = "sampling",
    ) -> Output:
        """Sample a latent with the words of its picture; ``size`` tells what a step costs."""
        request = self.request
        words, cfg = self.words_of(place)
        how = Sampling(
            seed=request.seed,
            steps=steps or request.steps,
            cfg=cfg,
            sampler=request.sampler,
            scheduler=request.scheduler,
            end_step=request.end_step if steps is None else None,
            denoise=denoise,
        )
        samples = self.graph.sample(
            model or self.model,
            words.positive,
            words.negative,
            latent,
            how,
            f"{name_of(place)}: {doing}",
        )
        pictures = len(self._shared_by(place))
        image = self._index(place) if isinstance(place, int) else None
        self._samplers[samples.node] = Sampler(image, how.taken)
        share = size.pixels / request.size.pixels
        self._costs[samples.node] = how.taken * pictures * share
        return samples

    def decode(self, samples: Output, place: Place) -> Output:
        return self.graph.decode(samples, self.vae, f"{name_of(place)}: decoding")

    def save(self, picture: Output, place: Place) -> None:
        index = self._index(place)
        prefix = self.request.filename_prefix
        if index is not None:
            prefix = f"{prefix}-{index}"
        node_id = self.graph.save(picture, prefix, f"{name_of(place)}: saving")
        self._outputs.append(OutputNode(node_id, index))

    def finish(self) -> Workflow:
        """Return the workflow; what nothing is made of is left out of it."""
        pictures = self.request.at_once
        graph = self.graph.needed_for(output.node_id for output in self._outputs)
        weights = {}
        for node_id, node in graph.items():
            class_type = node["class_type"]
            times = pictures if class_type in _PER_PICTURE else 1
            weights[node_id] = self._costs.get(node_id, cost(class_type) * times)
        return Workflow(
            graph=graph,
            outputs=tuple(self._outputs),
            samplers=self._samplers,
            weights=weights,
        )

    def _shared_by(self, place: Place) -> range:
        """Return the places of the pictures that a branch makes."""
        if place is None:
            return range(self.request.batch_size)
        return place if isinstance(place, range) else range(place, place + 1)

    def _index(self, place: Place) -> int | None:
        """Return the index in the job of a place in the set, or of the first of several."""
        if isinstance(place, range):
            return place.start
        return 0 if place is not None and self.request.member is not None else place


def name_of(place: Place) -> str:
    if place is None:
        return "All pictures"
    if isinstance(place, int):
        return f"Picture {place + 1}"
    first, last = place.start + 1, place.stop
    return f"Picture {first}" if first == last else f"Pictures {first}–{last}"


def _load(
    graph: Graph, request: ImageRequest, profile: Profile, files: ModelFiles
) -> tuple[Output, Output, Output]:
    """Add the loaders, the LoRAs and what patches the model or the text encoder."""
    if files.is_checkpoint:
        model, clip, vae = graph.load_checkpoint(files.model)
        if files.text_encoders:
            clip = graph.load_text_encoders(files.text_encoders, profile.text_encoder_type)
    else:
        model = graph.load_diffusion_model(files.model)
        clip = graph.load_text_encoders(files.text_encoders, profile.text_encoder_type)
        vae = graph.load_vae(files.vae)
    for lora in request.loras:
        if profile.lora == "model":
            model = graph.lora_model_only(model, lora.name, lora.strength)
        else:
            model, clip = graph.lora(model, clip, lora.name, lora.strength)
    if request.clip_skip is not None:
        clip = graph.clip_skip(clip, request.clip_skip)
    if profile.shift_node is not None and profile.shift is not None:
        model = graph.flow_shift(profile.shift_node, model, profile.shift)
    if request.rescale_cfg is not None:
        model = graph.rescale_cfg(model, request.rescale_cfg)
    return model, clip, vae
