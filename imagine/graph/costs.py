"""What nodes cost beside the steps of a sampler: for the progress of recipes and of any graph.

Units: sampler steps of one picture.
"""

LOAD = 2.0
DECODE = 1.0
ENCODE = 0.5
SAVE = 0.2
ENLARGE = 4.0
OTHER = 0.05

_KNOWN = {
    "CheckpointLoaderSimple": LOAD,
    "UNETLoader": LOAD,
    "CLIPTextEncode": ENCODE,
    "VAEDecode": DECODE,
    "VAEEncode": DECODE,
    "ImageUpscaleWithModel": ENLARGE,
    "SaveImage": SAVE,
}
# Parts of the names of other classes; the first that fits counts.
_PARTS = (
    *(("lora", OTHER), ("checkpoint", LOAD), ("unet", LOAD), ("cliploader", LOAD)),
    *(("modelloader", LOAD), ("vaedecode", DECODE), ("vaeencode", DECODE)),
    *(("textencode", ENCODE), ("visionencode", ENCODE), ("upscalewithmodel", ENLARGE)),
    *(("save", SAVE), ("combine", SAVE), ("preprocessor", DECODE)),
)


def cost(class_type: str) -> float:
    """Return the cost of a node of our own recipes."""
    return _KNOWN.get(class_type, OTHER)


def likely_cost(class_type: str) -> float:
    """Return the cost of any node, as far as its class tells."""
    plain = class_type.lower().replace(" ", "").replace("_", "")
    return _KNOWN.get(class_type) or next((c for part, c in _PARTS if part in plain), OTHER)
