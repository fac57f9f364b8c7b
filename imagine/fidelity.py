"""What each flag does here in one sentence, and how near that comes to Midjourney.

Apart from the other columns of the table of flags, which are facts of the language: these are facts
of this program, and change with its graphs. Everybody reads them as `here` and `fidelity` of a
`imagine.parameters.Parameter`.
"""

from collections.abc import Mapping
from enum import StrEnum


class Fidelity(StrEnum):
    """How near a flag comes to what it does at Midjourney."""

    EXACT = "exact"
    CLOSE = "close"
    APPROXIMATE = "approximate"
    OWN_MEANING = "own meaning"
    NOT_HERE = "not here"


Facts = tuple[Fidelity, str]

_EXACT, _CLOSE, _NEAR, _OWN, _NOT = Fidelity

_STILL = (_NOT, "Left out with a note: only still pictures are made here.")

# The formatter would give each sentence lines of its own; this is a table, and is read as one.
# fmt: off
_IMAGE: Mapping[str, Facts] = {
    "aspect": (_EXACT, "Sets width and height for the number of pixels that the model likes best; "
                       "the shape is met within 2 %, and 14:1 is the longest."),
    "chaos": (_NEAR, "Moves the words of each picture towards a light and a view of its own, the "
                     "further the higher the number."),
    "stylize": (_NEAR, "Moves the words towards a house look above 100, and towards a plain "
                       "picture below; 100 adds nothing."),
    "weird": (_NEAR, "Moves the words towards something odd, which the seed chooses."),
    "quality": (_CLOSE, "Multiplies the usual steps of the model; --steps overrules it."),
    "no": (_CLOSE, "Becomes the negative prompt."),
    "style": (_NEAR, "cute, expressive, original and scenic move the words towards that kind of "
                     "anime, and raw is --raw; other names and codes are left out with a note."),
    "raw": (_NEAR, "Adds no house look: --stylize above 100 has no effect then."),
    "tile": (_NEAR, "Rolls the finished picture by half and paints over the seam, so that opposite "
                    "edges go on into each other."),
    "stop": (_CLOSE, "Ends the sampling after that share of the steps."),
    "exp": (_NEAR, "Moves the words towards fine detail and contrast; above 50 it takes back what "
                   "--stylize adds."),
    "draft": (_CLOSE, "Makes the set at half the sides in two fifths of the steps; the action "
                      "enhance makes the full size of a picture."),
    "hd": (_CLOSE, "Enlarges each finished picture to twice its sides, and works over it in a "
                   "second pass."),
    "sd": (_EXACT, "Is the usual size, which a set has without it, too."),
    "zoom": (_CLOSE, "Says how far the action zoom goes out; a new set leaves it out with a note."),
    "seed": (_EXACT, "Is the start of all noise of the set: the same prompt, seed and model make "
                     "the same pictures."),
    "sameseed": (_EXACT, "Gives the same noise to every picture of the set."),
    "repeat": (_EXACT, "Makes that many sets, each from a seed of its own unless --seed says one."),
}

_REFERENCE: Mapping[str, Facts] = {
    "iw": (_NEAR, "Is the strength of the pictures at the front; where a set begins from them, the "
                  "higher it is, the less is redrawn."),
    "sref": (_NEAR, "Links guide the style by the best way that is installed; a code, or random, "
                    "stands for words of a table that is ours, always the same for a number."),
    "sw": (_NEAR, "Is the strength of --sref, of its links and its codes."),
    "sv": (_NOT, "Left out with a note: there is one way of reading a style here."),
    "cref": (_NEAR, "Takes a model that changes pictures, if one is installed; otherwise guides "
                    "the set by these pictures. PhotoMaker and the face files of IPAdapter keep "
                    "the face."),
    "cw": (_NEAR, "Is the strength of --cref; it does not tell the face from the clothes."),
    "character": (_OWN, "Puts the trigger of a character of characters.toml in front of the words, "
                        "adds its LoRA as --lora does, and its pictures as --cref does."),
    "oref": (_NEAR, "Takes a model that changes pictures, if one is installed; otherwise guides "
                    "the set by this picture."),
    "ow": (_NEAR, "Is the strength of --oref."),
    "edit": (_NEAR, "Takes a model that changes pictures, if one is installed, and gives it these "
                    "beside the words."),
    "dref": (_NOT, "Left out with a note: nothing here reads the depth of a picture."),
    "profile": (_OWN, "Adds the words and flags of a preset that the owner of the server named in "
                      "the settings; flags in the prompt win."),
}

_ENGINE: Mapping[str, Facts] = {
    "version": (_OWN, "Takes the model that the owner set for that version in the settings; "
                      "without one it is left out with a note."),
    "niji": (_OWN, "Takes the model that the owner set for it in the settings; without one the "
                   "words go towards anime."),
    "model": (_OWN, "Takes this model; a part of its name, or its family (sdxl), is enough."),
    "lora": (_OWN, "Adds this LoRA; a part of its name is enough."),
    "steps": (_OWN, "Is the number of sampling steps, in place of the usual one of the model."),
    "cfg": (_OWN, "Is the guidance scale, in place of the usual one of the model."),
    "sampler": (_OWN, "Takes this sampler; names of other programs, such as DPM++-2M-Karras, are "
                      "understood."),
    "scheduler": (_OWN, "Takes this noise schedule."),
    "size": (_OWN, "Is width and height in pixels, and overrules --ar."),
    "batch": (_OWN, "Makes so many pictures, each from noise of its own."),
    "batch_mode": (_OWN, "Samples the pictures one after the other, so that each can be watched, "
                         "or all in one latent batch."),
    "denoise": (_OWN, "Says how much of the picture is redrawn from which a set begins; where it "
                      "begins from nothing, it is left out with a note."),
    "workflow": (_OWN, "Makes the set with a workflow of the registry, and adds a flag for each of "
                       "its parameters."),
    "clip_skip": (_OWN, "Reads the words so many layers before the end of CLIP; 1 is the end."),
}

_VIDEO: Mapping[str, Facts] = dict.fromkeys(("video", "motion", "loop", "end", "bs"), _STILL)

_QUEUE: Mapping[str, Facts] = {
    "fast": (_OWN, "Puts the job before all that have no such flag (priority 10)."),
    "relax": (_OWN, "Puts the job behind all that have no such flag (priority -10)."),
    "turbo": (_OWN, "Puts the job before those with --fast (priority 20)."),
    "stealth": (_OWN, "Marks the set, so that lists of jobs can be filtered by it; it hides "
                      "nothing, as a gallery has one owner."),
    "public": (_OWN, "Marks the set as one for all to see, as a set is without it, too."),
}
# fmt: on

FACTS: Mapping[str, Facts] = {**_IMAGE, **_REFERENCE, **_ENGINE, **_VIDEO, **_QUEUE}


def facts(name: str, instead: str) -> Facts:
    """Return fidelity and sentence of a flag; those of old models are all told alike."""
    if name in FACTS:
        return FACTS[name]
    use = f" Use {instead}." if instead else ""
    return Fidelity.NOT_HERE, f"Left out with a note: it belongs to old models.{use}"
