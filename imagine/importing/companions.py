"""What works beside the model that a sampler is led to: a second one, or what guides it.

Apart from the roles, which follow one chain of models: these stand at its sides, and are known by
the names of their inputs and of the packs that they come from.
"""

from imagine.importing.fields import Field
from imagine.importing.walking import is_number
from imagine.names import EXTENSIONS

_FILES = ("ckpt_name", "unet_name", "gguf_name", "base_ckpt_name")
_ANY_FILE = ("model", "model_name", "motion_model", "file")
_MOTION = ("animatediff", "motion")
# What guides a sampling, as the classes of its nodes are called, and by what it is set.
_GUIDES = ("controlnet", "ipadapter", "pulid", "instantid", "brushnet")
GUIDE_FILE = "control_net_name"
_AMOUNTS = ("strength", "weight")


def is_vae(class_type: str) -> bool:
    """Say whether a node loads nothing but a VAE, whatever its input is called."""
    plain = class_type.lower()
    return "vae" in plain and "load" in plain and "checkpoint" not in plain


def guide_of(class_type: str) -> str | None:
    """Return what kind of guide of a sampling a node is."""
    plain = class_type.lower().replace("-", "").replace("_", "")
    return next((word for word in _GUIDES if word in plain), None)


def companion(field: Field) -> tuple[str, str] | None:
    """Return how a value beside the model is called, and behind which usual name it belongs."""
    name, plain = field.feed[1], field.class_type.lower().replace("-", "").replace("_", "")
    is_file = isinstance(field.value, str) and field.value.lower().endswith(EXTENSIONS)
    is_motion = any(word in plain for word in _MOTION) and "lora" not in plain
    is_loaded = name in _FILES and "load" in plain  # others have a file to work on pictures with
    if not is_vae(plain) and (is_loaded or (is_file and is_motion and name in _ANY_FILE)):
        called = "motion_model" if is_motion else "model"
        return (called, "model") if isinstance(field.value, str) else None
    if name == GUIDE_FILE:
        return "controlnet", "lora_strength"
    guide = guide_of(field.class_type)
    if guide is not None and name in _AMOUNTS and is_number(field.value):
        return f"{guide}_{name}", "lora_strength"
    return None
