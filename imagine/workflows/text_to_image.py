"""Pictures from words: the set is drawn from one batch of noise, by default picture by picture.

ComfyUI previews only the first picture of a latent batch, and shows none finished until all are.
So each picture has a branch of its own, from ``LatentFromBatch`` to ``SaveImage``; loaders and
text encodings are shared. Picture k has the noise of place k in the batch either way, so it can be
made again alone.
"""

from dataclasses import dataclass

from imagine.graph import Graph, Output, OutputNode, Sampler, Sampling, Workflow
from imagine.image_request import BatchMode, ImageRequest
from imagine.model_choice import ModelFiles
from imagine.profiles import Profile

# The cost of nodes, counted in sampler steps of one picture.
LOAD = 2.0
ENCODE = 0.5
DECODE = 1.0
SAVE = 0.2
OTHER = 0.05
_WEIGHTS = {
    "CheckpointLoaderSimple": LOAD,
    "UNETLoader": LOAD,
    "CLIPTextEncode": ENCODE,
    "VAEDecode": DECODE,
    "SaveImage": SAVE,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What all branches share: the model, its text encoder and VAE, and the words encoded."""

    model: Output
    clip: Output
    vae: Output


@dataclass(frozen=True, slots=True)
class Words:
    """The prompt and what is to be left out, as conditioning."""

    positive: Output
    negative: Output


def text_to_image(request: ImageRequest, profile: Profile, files: ModelFiles) -> Workflow:
    """Build the graph of a set of pictures."""
    graph = Graph()
    loaded = load(graph, request, profile, files)
    words = encode(graph, request, loaded.clip)
    latent = graph.empty_latent(profile.latent, request.width, request.height, request.batch_size)
    if request.batch_size == 1:
        branches = [_branch(graph, request, loaded, words, latent, 0)]
    elif request.batch_mode is BatchMode.TOGETHER:
        branches = [_branch(graph, request, loaded, words, latent, None)]
    else:
        branches = []
        for image in range(request.batch_size):
            noise = graph.latent_from_batch(latent, image, f"Picture {image + 1}: noise")
            branches.append(_branch(graph, request, loaded, words, noise, image))
    samplers = dict(sampler for sampler, _ in branches)
    return Workflow(
        graph=graph.to_api(),
        outputs=tuple(output for _, output in branches),
        samplers=samplers,
        weights=_weigh(graph, samplers, request.batch_size),
    )


def load(graph: Graph, request: ImageRequest, profile: Profile, files: ModelFiles) -> Loaded:
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
    return Loaded(model, clip, vae)


def encode(graph: Graph, request: ImageRequest, clip: Output) -> Words:
    """Add the text encodings, with guidance where the model takes it."""
    positive = graph.encode(clip, request.positive, "Prompt")
    if request.negative is None:
        negative = graph.zero_out(positive)
    else:
        negative = graph.encode(clip, request.negative, "Negative prompt")
    if request.guidance is not None:
        positive = graph.flux_guidance(positive, request.guidance)
    return Words(positive, negative)


def _branch(
    graph: Graph,
    request: ImageRequest,
    loaded: Loaded,
    words: Words,
    latent: Output,
    image: int | None,
) -> tuple[tuple[str, Sampler], OutputNode]:
    """Add the way from a latent to its file; ``image`` None: the whole batch at once."""
    how = Sampling(
        seed=request.seed,
        steps=request.steps,
        cfg=request.cfg,
        sampler=request.sampler,
        scheduler=request.scheduler,
        end_step=request.end_step,
    )
    who = "All pictures" if image is None else f"Picture {image + 1}"
    samples = graph.sample(
        loaded.model, words.positive, words.negative, latent, how, f"{who}: sampling"
    )
    pictures = graph.decode(samples, loaded.vae, f"{who}: decoding")
    prefix = request.filename_prefix if image is None else f"{request.filename_prefix}-{image}"
    node_id = graph.save(pictures, prefix, f"{who}: saving")
    sampler = Sampler(image, request.end_step or request.steps)
    return (samples.node, sampler), OutputNode(node_id, image)


def _weigh(graph: Graph, samplers: dict[str, Sampler], batch_size: int) -> dict[str, float]:
    """Return the relative cost of each node. Units: sampler steps of one picture."""
    pictures = 1 if len(samplers) == batch_size else batch_size
    weights = {}
    for node_id, node in graph.to_api().items():
        class_type = node["class_type"]
        if node_id in samplers:
            weights[node_id] = float(samplers[node_id].steps * pictures)
        elif class_type in ("VAEDecode", "SaveImage"):
            weights[node_id] = _WEIGHTS[class_type] * pictures
        else:
            weights[node_id] = _WEIGHTS.get(class_type, OTHER)
    return weights
