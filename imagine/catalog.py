"""What an engine has installed: its nodes, its models and its lists, read from ``/object_info``.

The schemas are compiled once, when the engine is read, because every submitted graph is checked
against them. Both shapes of a choice are understood, and what ComfyUI checks by other means than
the list (uploaded files, lists fetched by the page) is left unchecked.

Source: ComfyUI 0.3.64, ``server.py`` (``node_info``), ``execution.py`` (``validate_inputs``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from imagine import media_inputs

CHOICE = "COMBO"
# The one checkpoint of the sketch engine.
SKETCH = "sketch.safetensors"

# Options of lists of uploaded files: those in subfolders are not among them.
_UPLOADS = {
    "image_upload": "image",
    "audio_upload": "audio",
    "video_upload": "video",
    "file_upload": "file",
}
# The later one counts, should both have an input of the same name.
_SECTIONS = ("optional", "required")
# Types of the newer schema whose real inputs are made by the node itself.
_DYNAMIC = "COMFY_"
# One of these is a choice, and what is chosen says which inputs follow it.
_OPTIONS = "COMFY_DYNAMICCOMBO_V3"
# How an engine calls the modules of what did not come with it.
_PACKS = "custom_nodes"
# What VideoHelperSuite says of the widgets that its page adds for each format.
_FORMATS = "formats"
# All that a list has of which the page of a pack knows what is in it.
_FILLED_LATER = ["[none]"]
# What ComfyUI's page fills in where a schema says nothing.
_EMPTY = {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of a list input, in the engine's order. ``is_closed``: no other value passes."""

    values: tuple[Any, ...]
    known: frozenset[Any]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class InputSchema:
    """One input of a node. ``choices`` is set for lists, the bounds for numbers.

    ``default`` is what ComfyUI's page fills in; it is no default of a graph. ``is_slot``: only a
    link gives it, though its type is that of a widget; ``is_socketless``: only the page gives it,
    though its type is none of a widget's. ``is_multiline``: a text of several lines.
    ``is_advanced``: its page keeps it out of sight. ``has_control``: on the page the choice what
    becomes of it after a run stands right behind it. ``upload``: what its file holds. ``parts``:
    the inputs that each choice brings along; ``are_parts_plain``: they have names of their own.
    """

    type: str
    is_required: bool
    choices: Choices | None = None
    minimum: float | None = None
    maximum: float | None = None
    default: Any = None
    step: float | None = None
    is_slot: bool = False
    is_socketless: bool = False
    is_multiline: bool = False
    is_advanced: bool = False
    has_control: bool = False
    upload: str | None = None
    description: str | None = None
    parts: Mapping[str, Mapping[str, "InputSchema"]] = field(default_factory=dict)
    are_parts_plain: bool = False

    @property
    def is_dynamic(self) -> bool:
        return self.type.startswith(_DYNAMIC)

    @property
    def filled_in(self) -> Any:
        """What ComfyUI's page begins with; None where only a link or nothing is given."""
        if self.is_slot or (isinstance(self.default, list | dict) and not self.is_socketless):
            return None
        if self.default is not None:
            return self.default
        if self.choices is not None:
            return next(iter(self.choices.values), None)
        return _EMPTY.get(self.type)

    def parts_of(self, name: str, value: Any) -> dict[str, "InputSchema"]:
        """Return the inputs that a value brings along, named as a graph names them."""
        chosen = self.parts.get(value) if isinstance(value, str) else None
        front = "" if self.are_parts_plain else f"{name}."
        return {f"{front}{part}": schema for part, schema in (chosen or {}).items()}

    def choosable(self, now: Any) -> tuple[Any, ...]:
        """Return what can be chosen in place of ``now`` without a link that is not there."""
        values = self.choices.values if self.choices is not None else ()
        return tuple(value for value in values if value == now or self._is_enough(value))

    def _is_enough(self, value: Any) -> bool:
        parts = self.parts_of("", value).values()
        return all(
            part.is_dynamic or not part.is_required or part.filled_in is not None for part in parts
        )


@dataclass(frozen=True, slots=True)
class NodeSchema:
    """A node class: its inputs, the types of its output slots, and whether it ends a graph.

    ``order``: the inputs as ComfyUI's page shows them. ``label``: its title there. ``is_of_pack``:
    it did not come with ComfyUI.
    """

    inputs: Mapping[str, InputSchema]
    required: tuple[str, ...]
    outputs: tuple[str, ...]
    is_output: bool
    order: tuple[str, ...] = ()
    label: str | None = None
    is_of_pack: bool = False

    def chosen(self, values: Mapping[str, Any]) -> "NodeSchema":
        """Return the node as these values make it: with the inputs that its choices bring along."""
        if not any(wanted.parts for wanted in self.inputs.values()):
            return self
        inputs, order = dict(self.inputs), list[str]()
        waiting = list(reversed(self.order))
        while waiting:
            name = waiting.pop()
            order.append(name)
            parts = inputs[name].parts_of(name, values.get(name))
            parts = {part: wanted for part, wanted in parts.items() if part not in inputs}
            inputs.update(parts)
            waiting += reversed(parts)
        required = tuple(n for n, i in inputs.items() if i.is_required and not i.is_dynamic)
        return replace(self, inputs=inputs, order=tuple(order), required=required)

    def without_plain_parts(self) -> "NodeSchema":
        """Return the node as it was before its choices brought inputs of their own names along."""
        inputs = {
            name: replace(wanted, parts={}) if wanted.are_parts_plain else wanted
            for name, wanted in self.inputs.items()
        }
        return replace(self, inputs=inputs)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything one engine can run and load. Names are the engine's own, paths included.

    ``metadata`` holds the safetensors headers that were read, by model name.
    """

    schemas: Mapping[str, NodeSchema]
    checkpoints: tuple[str, ...] = ()
    diffusion_models: tuple[str, ...] = ()
    text_encoders: tuple[str, ...] = ()
    vaes: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()
    upscale_models: tuple[str, ...] = ()
    style_models: tuple[str, ...] = ()
    clip_visions: tuple[str, ...] = ()
    photomakers: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_object_info(
        cls,
        info: Mapping[str, Any],
        *,
        metadata: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Self:
        """Compile the answer of ``/object_info``; a node that cannot be read counts as missing."""
        reader = _Reader()
        schemas = {name: reader.node(name, raw) for name, raw in info.items() if _is_node(raw)}

        def names(class_type: str, input_name: str) -> tuple[str, ...]:
            found = _choices(schemas, class_type, input_name)
            return tuple(value for value in found if isinstance(value, str))

        return cls(
            schemas=schemas,
            checkpoints=names("CheckpointLoaderSimple", "ckpt_name"),
            diffusion_models=names("UNETLoader", "unet_name"),
            text_encoders=names("CLIPLoader", "clip_name"),
            vaes=names("VAELoader", "vae_name"),
            loras=names("LoraLoader", "lora_name"),
            upscale_models=names("UpscaleModelLoader", "model_name"),
            style_models=names("StyleModelLoader", "style_model_name"),
            clip_visions=names("CLIPVisionLoader", "clip_name"),
            photomakers=names("PhotoMakerLoader", "photomaker_model_name"),
            samplers=names("KSampler", "sampler_name"),
            schedulers=names("KSampler", "scheduler"),
            metadata=dict(metadata or {}),
        )

    @property
    def is_sketch(self) -> bool:
        """Whether this is what the sketch engine has, and no ComfyUI."""
        return self.checkpoints == (SKETCH,)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The node classes, in the engine's order."""
        return tuple(self.schemas)

    def schema_of(self, node: Mapping[str, Any]) -> NodeSchema | None:
        """Return the schema of a node of a graph, with what its own values add to it."""
        class_type, inputs = node.get("class_type"), node.get("inputs")
        schema = self.schemas.get(class_type) if isinstance(class_type, str) else None
        if schema is None or not isinstance(inputs, Mapping):
            return schema
        return schema.chosen(inputs)

    def has(self, class_type: str) -> bool:
        return class_type in self.schemas

    def choices(self, class_type: str, input_name: str) -> tuple[Any, ...]:
        """Return the values a list input offers; none when there is no such list."""
        return _choices(self.schemas, class_type, input_name)


def merged(catalogs: Sequence[Catalog]) -> Catalog:
    """Return what several engines have together: the very same catalog, where all have one."""
    first, *others = catalogs
    for other in others:
        if other is not first:
            first = _joined(first, other)
    return first


def _joined(one: Catalog, other: Catalog) -> Catalog:
    schemas = dict(one.schemas)
    for name, schema in other.schemas.items():
        known = schemas.get(name)
        schemas[name] = schema if known is None else _joined_node(known, schema)
    lists = {
        spec.name: tuple(dict.fromkeys((*getattr(one, spec.name), *getattr(other, spec.name))))
        for spec in fields(Catalog)
        if spec.name not in ("schemas", "metadata")
    }
    return Catalog(schemas=schemas, metadata={**other.metadata, **one.metadata}, **lists)


def _joined_node(one: NodeSchema, other: NodeSchema) -> NodeSchema:
    """Return a node that takes whatever either takes."""
    if one == other:
        return one
    inputs = dict(one.inputs)
    for name, schema in other.inputs.items():
        known = inputs.get(name)
        inputs[name] = schema if known is None else _joined_input(known, schema)
    required = tuple(name for name in one.required if name in other.required)
    order = tuple(dict.fromkeys((*one.order, *other.order)))
    return replace(one, inputs=inputs, required=required, order=order)


def _joined_input(one: InputSchema, other: InputSchema) -> InputSchema:
    if one.choices is not None and other.choices is not None:
        values = tuple(dict.fromkeys((*one.choices.values, *other.choices.values)))
        is_closed = one.choices.is_closed and other.choices.is_closed
        choices = Choices(values, frozenset(values), is_closed)
        return replace(one, choices=choices, parts={**other.parts, **one.parts})
    lows, highs = (one.minimum, other.minimum), (one.maximum, other.maximum)
    return replace(
        one,
        minimum=None if None in lows else min(low for low in lows if low is not None),
        maximum=None if None in highs else max(high for high in highs if high is not None),
    )


def _choices(
    schemas: Mapping[str, NodeSchema], class_type: str, input_name: str
) -> tuple[Any, ...]:
    node = schemas.get(class_type)
    schema = node.inputs.get(input_name) if node is not None else None
    return schema.choices.values if schema is not None and schema.choices is not None else ()


def _is_node(raw: Any) -> bool:
    inputs = raw.get("input") if isinstance(raw, Mapping) else None
    return (
        isinstance(inputs, Mapping)
        and all(isinstance(inputs.get(section) or {}, Mapping) for section in _SECTIONS)
        and isinstance(raw.get("output") or (), Sequence)
    )


class _Reader:
    """Turns raw schemas into ours; equal lists (hundreds of nodes list the LoRAs) are kept once."""

    def __init__(self) -> None:
        self._shared: dict[tuple[tuple[Any, ...], bool], Choices] = {}

    def node(self, class_type: str, raw: Mapping[str, Any]) -> NodeSchema:
        inputs: dict[str, InputSchema] = {}
        for section in _SECTIONS:
            for name, config in (raw["input"].get(section) or {}).items():
                medium = media_inputs.uploaded(class_type, name)
                is_required = section == "required"
                inputs[name] = self.input(config, medium, is_required=is_required)
        outputs = raw.get("output") or ()
        label, module = raw.get("display_name"), raw.get("python_module")
        return NodeSchema(
            inputs=inputs,
            required=tuple(n for n, i in inputs.items() if i.is_required and not i.is_dynamic),
            outputs=tuple(kind if isinstance(kind, str) else CHOICE for kind in outputs),
            is_output=bool(raw.get("output_node")),
            order=_order(raw, inputs),
            label=label if isinstance(label, str) and label else None,
            is_of_pack=not isinstance(module, str) or module.startswith(_PACKS),
        )

    def input(self, config: Any, medium: str | None = None, *, is_required: bool) -> InputSchema:
        """Compile one input. ``medium``: what its name tells of uploaded files, if it is a list."""
        if isinstance(config, str) or not isinstance(config, Sequence) or not config:
            return InputSchema("*", is_required)
        kind = config[0]
        options = config[1] if len(config) > 1 and isinstance(config[1], Mapping) else {}
        tooltip = options.get("tooltip")
        schema = InputSchema(
            type=kind if isinstance(kind, str) else CHOICE,
            is_required=is_required,
            default=options.get("default"),
            is_slot=bool(options.get("forceInput")),
            is_socketless=bool(options.get("socketless")),
            is_multiline=bool(options.get("multiline")),
            is_advanced=bool(options.get("advanced")),
            has_control=bool(options.get("control_after_generate")),
            description=tooltip if isinstance(tooltip, str) and tooltip else None,
        )
        if schema.type == _OPTIONS:
            return self._with_parts(schema, options.get("options"))
        if schema.type != CHOICE:
            return replace(
                schema,
                minimum=_number(options.get("min")),
                maximum=_number(options.get("max")),
                step=_number(options.get("step")),
            )
        values = options.get("options") if isinstance(kind, str) else kind
        upload = next((what for mark, what in _UPLOADS.items() if options.get(mark)), None)
        if upload in (None, "file"):  # models come in as files, too
            upload = medium or upload
        # Others are filled by a remote call, or by the page.
        is_closed = upload is None and not options.get("remote") and values != _FILLED_LATER
        return replace(
            schema,
            upload=upload,
            choices=self._list(values, is_closed=is_closed),
            parts=self._formats(options.get(_FORMATS)),
            are_parts_plain=True,
        )

    def _formats(self, told: Any) -> dict[str, dict[str, InputSchema]]:
        """Return what each format brings along: lists of a name, its type and options."""
        return {
            str(key): {
                widget[0]: self.input(widget[1:3], is_required=False)
                for widget in (widgets if isinstance(widgets, list) else ())
                if isinstance(widget, list) and len(widget) > 1 and isinstance(widget[0], str)
            }
            for key, widgets in _mapping(told).items()
        }

    def _with_parts(self, schema: InputSchema, options: Any) -> InputSchema:
        """Return a choice with what each option of it brings along."""
        parts: dict[str, dict[str, InputSchema]] = {}
        for option in options if isinstance(options, list) else ():
            key = option.get("key") if isinstance(option, Mapping) else None
            inputs = option.get("inputs") if isinstance(option, Mapping) else None
            if isinstance(key, str) and isinstance(inputs, Mapping):
                parts[key] = {
                    name: self.input(config, is_required=section == "required")
                    for section in ("required", "optional")
                    for name, config in _mapping(inputs.get(section)).items()
                }
        if not parts:
            return schema
        keys = tuple(parts)
        return replace(
            schema, type=CHOICE, choices=Choices(keys, frozenset(keys), is_closed=True), parts=parts
        )

    def _list(self, values: Any, *, is_closed: bool) -> Choices | None:
        if not isinstance(values, Sequence) or isinstance(values, str):
            return None  # a list that only the page knows
        try:
            key = (tuple(values), is_closed)
            return self._shared.setdefault(key, Choices(key[0], frozenset(key[0]), is_closed))
        except TypeError:  # values that are lists or objects themselves
            return None


def _order(raw: Mapping[str, Any], inputs: Mapping[str, InputSchema]) -> tuple[str, ...]:
    """Return the inputs in the order of the page: the required ones stand first."""
    told = raw.get("input_order")
    lists = [
        listed
        for given in (told if isinstance(told, Mapping) else {}, raw["input"])
        for listed in (given.get("required"), given.get("optional"))
        if isinstance(listed, list | Mapping)
    ]
    names = (name for listed in lists for name in listed if isinstance(name, str))
    return tuple(dict.fromkeys(name for name in names if name in inputs))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return None
