"""The schemas of single workflows in the OpenAPI document: each is a path with a typed body."""

from collections.abc import Mapping
from typing import Any

from imagine.routes.form_schemas import A_FILE, JSON_TEXT, PRIORITY
from imagine.routes.running import FILES

_TYPES: Mapping[str, Mapping[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "seed": {"type": "integer"},
    "text": {"type": "string"},
    "image": {"type": "string"},
    "mask": {"type": "string"},
    "video": {"type": "string"},
    "audio": {"type": "string"},
    "model": {"type": "string"},
    "lora": {"type": "string"},
    "choice": {},
}
# What ``images`` may bring.
_FILES = ("image", "video", "audio")


def run_schema(told: Mapping[str, Any], picture: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one run of a workflow takes as JSON. ``picture``: how a body names a picture."""
    fields: dict[str, Any] = {"parameters": parameters_schema(told)}
    inputs, required = told["inputs"], []
    words = _named(told, "prompt")
    if inputs["prompt"]:
        fields["prompt"] = {"type": "string", "description": words.get("description", "")}
        if words.get("required"):
            required.append("prompt")
    most, least = inputs["images"]["max"], inputs["images"]["min"]
    if most == 1 and inputs["batch"]:
        most = told["max_batch_size"]
    # Those may be among the parameters as well.
    most += sum(inputs[kind]["max"] for kind in ("videos", "audios"))
    if most:
        fields["images"] = {
            "type": "array",
            "items": picture,
            "minItems": least,
            "maxItems": most,
            "description": _pictures(told),
        }
        if least:
            required.append("images")
    if inputs["mask"] is not None:
        fields["mask"] = {**picture, "description": "Where it is white, it is painted anew"}
        if inputs["mask"] == "required":
            required.append("mask")
    fields["character"] = {"type": "string", "description": "An id, or id:0.8"}
    fields["priority"] = PRIORITY
    return {
        "type": "object",
        "properties": fields,
        "required": required,
        "additionalProperties": False,
        "example": told["example"],
    }


def form_schema(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one run of a workflow takes as a form with files."""
    inputs = told["inputs"]
    fields: dict[str, Any] = {}
    if inputs["prompt"]:
        fields["prompt"] = {"type": "string"}
    counts = [inputs[kind] for kind in ("images", "videos", "audios")]
    most = min(sum(count["max"] for count in counts), len(FILES))
    least = min(sum(count["min"] for count in counts), most)
    fields |= dict.fromkeys(FILES[:most], A_FILE)
    if inputs["mask"] is not None:
        fields["mask"] = A_FILE
    fields["parameters"] = {**JSON_TEXT, "contentSchema": parameters_schema(told)}
    fields["character"] = {"type": "string"}
    fields["priority"] = PRIORITY
    masks = ["mask"] if inputs["mask"] == "required" else []
    return {"type": "object", "properties": fields, "required": [*FILES[:least], *masks]}


def parameters_schema(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be set in a workflow, with ranges, choices and defaults."""
    return {
        "type": "object",
        "properties": {one["name"]: _parameter(one) for one in told["parameters"]},
        "additionalProperties": False,
    }


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": one["label"], **_TYPES[one["type"]]}
    if one["description"]:
        schema["description"] = one["description"]
    if one["min"] is not None:
        # -1 draws a seed.
        schema["minimum"] = -1 if one["type"] == "seed" else one["min"]
    if one["max"] is not None:
        schema["maximum"] = one["max"]
    if one["choices"] and one["type"] == "choice":
        schema["enum"] = one["choices"]
    elif one["choices"]:
        schema["examples"] = one["choices"]  # a part of a name is enough
    if one["default"] is not None:
        schema["default"] = one["default"]
    return schema


def _pictures(told: Mapping[str, Any]) -> str:
    names = [one["label"] for one in told["parameters"] if one["type"] in _FILES]
    return ", ".join(names)


def _named(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next((one for one in told["parameters"] if one["name"] == name), {})
