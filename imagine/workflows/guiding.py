"""Pictures that guide the model: one function for each way, and which way is which.

A guide patches the model, changes how words are encoded, or changes the conditioning when all words
are combined; it is applied before the first words are written.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from imagine.graph import Output
from imagine.image_request import (
    IpAdapter,
    PhotoMaker,
    QwenEdit,
    Redux,
    Reference,
    Unclip,
)
from imagine.workflows.studio import Studio

# What PhotoMaker reads: its words end with CLIP's first piece of 75 tokens.
MOST_TOKENS = 60


def redux(studio: Studio, guide: Redux) -> None:
    graph = studio.graph
    seen = _seen(studio, guide.image, guide.clip_vision)
    model = graph.load_style_model(guide.style_model)
    studio.writer.guides.append(
        lambda words: graph.apply_style(words, model, seen, guide.strength, "Guided by a picture")
    )


def unclip(studio: Studio, guide: Unclip) -> None:
    seen = _seen(studio, guide.image, guide.clip_vision)
    studio.writer.guides.append(
        lambda words: studio.graph.unclip(words, seen, guide.strength, "Guided by a picture")
    )


def ip_adapter(studio: Studio, guide: IpAdapter) -> None:
    graph = studio.graph
    image = studio.load(guide.image, "Reference")
    adapters = studio.adapters
    if guide.preset not in adapters:
        before = next(iter(adapters.values()), None)
        studio.model, adapters[guide.preset] = graph.load_ip_adapter(
            studio.model, guide.preset, before
        )
    studio.model = graph.ip_adapter(
        studio.model,
        adapters[guide.preset],
        image,
        guide.weight,
        guide.weight_type,
        "Guided by a picture",
    )


def reference(studio: Studio, guide: Reference) -> None:
    graph = studio.graph
    image = graph.kontext_scale(studio.load(guide.image, "Reference"), "Reference: fitted")
    latent = graph.encode_picture(image, studio.vae, "Reference as a latent")

    def with_reference(words: Output) -> Output:
        return graph.reference_latent(words, latent, "With the reference")

    # Beside what is left out as well, or the guidance would be away from pictures without it.
    studio.writer.guides.append(with_reference)
    studio.writer.negative_guides.append(with_reference)


def qwen_edit(studio: Studio, guide: QwenEdit) -> None:
    images = [studio.load(image, f"Picture {k} to edit") for k, image in enumerate(guide.images, 1)]
    if guide.is_normed:
        studio.model = studio.graph.cfg_norm(studio.model)

    def encode(clip: Output, text: str, title: str) -> Output:
        return studio.graph.encode_qwen_edit(clip, studio.vae, text, images, title)

    studio.writer.encoder = encode


def photo_maker(studio: Studio, guide: PhotoMaker) -> None:
    graph = studio.graph
    face = studio.load(guide.image, "Face")
    loaded = graph.load_photomaker(guide.model)
    # The token before its name becomes the face.
    text = f"a person photomaker {_first_tokens(studio.request.positive[0].text)}"
    made = graph.encode_photomaker(loaded, face, studio.clip, text, "Face")
    # From the face to the words, because only the end of a mix may have several parts.
    share = round(1 - guide.share, 2)
    studio.writer.guides.append(lambda words: graph.mix_words(made, words, share, "With the face"))


GUIDES: Mapping[type, Callable[[Studio, Any], None]] = {
    Redux: redux,
    Unclip: unclip,
    IpAdapter: ip_adapter,
    Reference: reference,
    QwenEdit: qwen_edit,
    PhotoMaker: photo_maker,
}


def apply_guides(studio: Studio, guides: Sequence[Any]) -> None:
    for guide in guides:
        GUIDES[type(guide)](studio, guide)


def _first_tokens(text: str) -> str:
    """Return as many words as surely are few tokens: a word has at most one for each byte."""
    kept: list[str] = []
    room = MOST_TOKENS
    for word in text.split():
        room -= len(word) // 4 + 2 if word.isascii() and word.isalpha() else len(word.encode())
        if room < 0:
            break
        kept.append(word)
    return " ".join(kept)


def _seen(studio: Studio, image: Any, clip_vision: str) -> Output:
    graph = studio.graph
    loaded = graph.load_clip_vision(clip_vision)
    return graph.see(loaded, studio.load(image, "Reference"), "What is seen in it")
