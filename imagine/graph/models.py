"""Models: loaders, LoRAs, and what patches a model."""

from collections.abc import Sequence

from imagine.graph.base import Nodes, Output

# The loader for one, two, three and four text encoders, and its inputs.
_TEXT_ENCODER_LOADERS = (
    ("CLIPLoader", ("clip_name",)),
    ("DualCLIPLoader", ("clip_name1", "clip_name2")),
    ("TripleCLIPLoader", ("clip_name1", "clip_name2", "clip_name3")),
    ("QuadrupleCLIPLoader", ("clip_name1", "clip_name2", "clip_name3", "clip_name4")),
)
# The loaders that are told what the encoders are for; the others find out.
_TYPED_LOADERS = ("CLIPLoader", "DualCLIPLoader")


class ModelNodes(Nodes):
    """Nodes that load and patch models."""

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

    def rescale_cfg(self, model: Output, multiplier: float) -> Output:
        """Keep a high cfg from burning out light and dark. ``multiplier``: 0–1."""
        node = self.add("RescaleCFG", "Rescaled guidance", model=model, multiplier=multiplier)
        return Output(node)

    def cfg_norm(self, model: Output) -> Output:
        """Keep guidance from growing stronger than what it guides."""
        return Output(self.add("CFGNorm", "Guidance kept even", model=model, strength=1.0))

    def soft_mask(self, model: Output) -> Output:
        """Let the greys of a noise mask count as "change this a little"."""
        return Output(
            self.add_once("DifferentialDiffusion", "Soft mask", model=model, strength=1.0)
        )
