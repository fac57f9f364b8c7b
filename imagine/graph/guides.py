"""Guides: pictures that a model looks at beside the words. ComfyUI's own nodes, and IPAdapter's."""

from collections.abc import Sequence
from typing import Any

from imagine.graph.base import Nodes, Output


class GuideNodes(Nodes):
    """Nodes that let a picture speak to the model."""

    def load_clip_vision(self, name: str) -> Output:
        return Output(self.add_once("CLIPVisionLoader", "Vision model", clip_name=name))

    def see(self, clip_vision: Output, image: Output, title: str) -> Output:
        """Return what a vision model sees in the middle of a picture."""
        node = self.add(
            "CLIPVisionEncode", title, clip_vision=clip_vision, image=image, crop="center"
        )
        return Output(node)

    def load_style_model(self, name: str) -> Output:
        return Output(self.add_once("StyleModelLoader", "Style model", style_model_name=name))

    def apply_style(
        self, conditioning: Output, style_model: Output, seen: Output, strength: float, title: str
    ) -> Output:
        node = self.add(
            "StyleModelApply",
            title,
            conditioning=conditioning,
            style_model=style_model,
            clip_vision_output=seen,
            strength=strength,
            strength_type="multiply",
        )
        return Output(node)

    def unclip(self, conditioning: Output, seen: Output, strength: float, title: str) -> Output:
        node = self.add(
            "unCLIPConditioning",
            title,
            conditioning=conditioning,
            clip_vision_output=seen,
            strength=strength,
            noise_augmentation=0.0,
        )
        return Output(node)

    def reference_latent(self, conditioning: Output, latent: Output, title: str) -> Output:
        node = self.add("ReferenceLatent", title, conditioning=conditioning, latent=latent)
        return Output(node)

    def kontext_scale(self, image: Output, title: str) -> Output:
        """Scale a picture to the nearest size that FLUX.1 Kontext was trained on."""
        return Output(self.add("FluxKontextImageScale", title, image=image))

    def encode_qwen_edit(
        self, clip: Output, vae: Output, text: str, images: Sequence[Output], title: str
    ) -> Output:
        """Encode an instruction together with up to three pictures that it speaks of."""
        named: dict[str, Any] = {f"image{k}": image for k, image in enumerate(images, start=1)}
        node = self.add(
            "TextEncodeQwenImageEditPlus", title, clip=clip, vae=vae, prompt=text, **named
        )
        return Output(node)

    def load_ip_adapter(
        self, model: Output, preset: str, before: Output | None = None
    ) -> tuple[Output, Output]:
        """Return the model and its adapter, of ComfyUI_IPAdapter_plus.

        ``before``: another adapter that was loaded, whose vision model is then used again.
        """
        more = {} if before is None else {"ipadapter": before}
        node = self.add("IPAdapterUnifiedLoader", "IPAdapter", model=model, preset=preset, **more)
        return Output(node, 0), Output(node, 1)

    def ip_adapter(
        self,
        model: Output,
        adapter: Output,
        image: Output,
        weight: float,
        weight_type: str,
        title: str,
    ) -> Output:
        node = self.add(
            "IPAdapterAdvanced",
            title,
            model=model,
            ipadapter=adapter,
            image=image,
            weight=weight,
            weight_type=weight_type,
            combine_embeds="concat",
            start_at=0.0,
            end_at=1.0,
            embeds_scaling="V only",
        )
        return Output(node)

    def load_photomaker(self, name: str) -> Output:
        return Output(self.add("PhotoMakerLoader", "PhotoMaker", photomaker_model_name=name))

    def encode_photomaker(
        self, photomaker: Output, image: Output, clip: Output, text: str, title: str
    ) -> Output:
        """Encode words in which ``photomaker`` stands behind the noun that the face belongs to.

        It has to stand between two spaces, and all of the words within CLIP's first 75 tokens.
        """
        node = self.add(
            "PhotoMakerEncode", title, photomaker=photomaker, image=image, clip=clip, text=text
        )
        return Output(node)
