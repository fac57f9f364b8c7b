"""The graph of a workflow with values in it: what is sent to the engine.

Exactly the inputs that parameters feed are changed, and the file names under which the graph saves.
All else that differs is a consequence: files that are not given and LoRAs that are left out take
with them what cannot be without them, and what no output needs is not sent.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from imagine.catalog import Catalog
from imagine.errors import WorkflowError
from imagine.graph import Workflow, output_nodes
from imagine.image_request import Lora
from imagine.importing.fields import ParameterType
from imagine.importing.making import sampled
from imagine.importing.outputs import Output, OutputKind, find_outputs
from imagine.importing.walking import Feed, inputs_of
from imagine.input_image import InputFile
from imagine.registry.entries import FILES, Entry, Parameter
from imagine.registry.loras import put_loras
from imagine.registry.pace import pace_of
from imagine.registry.surgery import Surgery
from imagine.repair import Graph

_PREFIX = "filename_prefix"
# The node that reads a grey picture as a mask, white as 1; LoadImage reads only transparency.
_MASK_LOADER, _CHANNEL, _GREY, _TRANSPARENCY = "LoadImageMask", "channel", "red", "alpha"
_MASK_SLOT = 1
# How loaders of several LoRAs call none.
_NO_LORA = ("None", "none", "")


def fill(
    entry: Entry,
    values: Mapping[str, Any],
    *,
    images: Mapping[str, InputFile],
    catalog: Catalog,
    filename_prefix: str,
    loras: Sequence[Lora] = (),
) -> Workflow:
    """Return the graph of an entry with these values, ready to be sent.

    ``values`` are checked; ``images`` holds the pictures, the videos and the sounds whose links are
    among them.
    ``filename_prefix`` is unique to the attempt. ``loras`` go behind every model that is loaded,
    in front of the graph's own.

    Raises:
        WorkflowError: nothing is left without the files that are not given, or the graph loads
            no model for the LoRAs.
    """
    filling = _Filling(entry, values, images, catalog)
    filling.put_values()
    filling.leave_out()
    outputs = kept_outputs(filling.surgery.nodes, catalog)
    filling.keep(outputs)
    if loras:
        put_loras(filling.surgery, entry, loras)
    _name_files(filling.surgery, outputs, filename_prefix)
    graph = filling.surgery.nodes
    samplers, weights = pace_of(graph, catalog, outputs)
    return Workflow(
        graph=graph,
        outputs=output_nodes([output.node_id for output in outputs]),
        samplers=samplers,
        weights=weights,
        is_counted=False,
        takes_temp=not any(output.is_kept for output in outputs),
    )


def kept_outputs(graph: Graph, catalog: Catalog | None) -> tuple[Output, ...]:
    """Return the outputs that make up a job, in the order of the graph.

    What is only shown counts where nothing is kept; a text is always only shown. Of the pictures
    that are shown those that a sampler made count, and where it made none, all.
    """
    found = {output.node_id: output for output in find_outputs(graph, catalog)}
    outputs = [found[node_id] for node_id in graph if node_id in found]
    if any(output.is_kept for output in outputs):
        return tuple(one for one in outputs if one.is_kept or one.kind is OutputKind.TEXT)
    made = sampled(graph, catalog) if catalog is not None else frozenset()
    if not any(one.node_id in made and one.kind is not OutputKind.TEXT for one in outputs):
        return tuple(outputs)
    return tuple(one for one in outputs if one.node_id in made or one.kind is not OutputKind.IMAGE)


def is_needed(entry: Entry, file: Parameter, catalog: Catalog) -> bool:
    """Say whether a workflow makes nothing without a picture, a video or a sound."""
    given = [one for one in entry.of_type(*FILES) if one is not file]
    surgery = Surgery(entry.graph, catalog)
    _leave_out_file(surgery, file, {feed for one in given for feed in one.feeds})
    return not kept_outputs(surgery.nodes, catalog) and bool(kept_outputs(entry.graph, catalog))


def _leave_out_file(surgery: Surgery, file: Parameter, given: Collection[Feed]) -> None:
    for feed in file.feeds:
        if feed not in given:
            surgery.remove(feed[0])


class _Filling:
    """One graph, while values are put into it."""

    def __init__(
        self,
        entry: Entry,
        values: Mapping[str, Any],
        images: Mapping[str, InputFile],
        catalog: Catalog,
    ) -> None:
        self.entry = entry
        self.values = values
        self.images = images
        self.surgery = Surgery(entry.graph, catalog)

    def put_values(self) -> None:
        for parameter, value in self._given():
            match parameter.type:
                case ParameterType.MASK:
                    name = self.images[value].name
                    for feed in parameter.feeds:
                        self._put_mask(feed, name)
                case ParameterType.IMAGE | ParameterType.VIDEO | ParameterType.AUDIO:
                    for feed in parameter.feeds:
                        self.surgery.set(feed, self.images[value].name)
                case _:
                    for feed in parameter.feeds:
                        self.surgery.set(feed, value)
        for node_id in self.surgery.nodes:
            self._put_parts(node_id)

    def leave_out(self) -> None:
        """Take out the files that are not given, and the LoRAs that are not wanted."""
        given = {feed for parameter, _ in self._given() for feed in parameter.feeds}
        for parameter in self.entry.of_type(*FILES):
            if parameter.name not in self.values:
                _leave_out_file(self.surgery, parameter, given)
        for parameter in self.entry.of_type(ParameterType.LORA):
            if self.values.get(parameter.name) == "":
                for feed in parameter.feeds:
                    self._leave_out_lora(feed)

    def keep(self, outputs: Sequence[Output]) -> None:
        """Drop what the outputs do not need.

        Raises:
            WorkflowError: there are no more outputs.
        """
        if outputs:
            self.surgery.keep(output.node_id for output in outputs)
        elif find_outputs(self.entry.graph, self.surgery.catalog):
            names = [one.name for one in self.entry.of_type(*FILES)]
            missing = ", ".join(name for name in names if name not in self.values)
            raise WorkflowError(f"{self.entry.name} makes nothing without {missing}.")

    def _given(self) -> Iterator[tuple[Parameter, Any]]:
        for parameter in self.entry.parameters:
            if parameter.name in self.values:
                yield parameter, self.values[parameter.name]

    def _put_parts(self, node_id: str) -> None:
        """Give a node whose choice is another one now the inputs that it brings along.

        As on ComfyUI's page they begin with their defaults, and those of the other choice go.
        """
        schema = self.surgery.catalog.schemas.get(self.surgery.class_of(node_id))
        before, inputs = inputs_of(self.entry.graph, node_id), self.surgery.nodes[node_id]["inputs"]
        known = schema.chosen(inputs) if schema is not None else None
        if schema is None or known is None:
            return
        choices = [name for name, wanted in known.inputs.items() if wanted.parts]
        if all(inputs.get(name) == before.get(name) for name in choices):
            return
        while missing := [name for name in known.required if name not in inputs]:
            filled = {name: known.inputs[name].filled_in for name in missing if "." in name}
            inputs.update({name: value for name, value in filled.items() if value is not None})
            if (more := schema.chosen(inputs)) == known:
                break
            known = more
        kept = tuple(f"{name}." for name, wanted in known.inputs.items() if wanted.is_dynamic)
        for name in [name for name in inputs if name.startswith(tuple(f"{c}." for c in choices))]:
            if name not in known.inputs and not name.startswith(kept):
                del inputs[name]
        for name in choices:
            if (wanted := known.inputs[name]).are_parts_plain:
                now = wanted.parts_of(name, inputs.get(name))
                for part in wanted.parts_of(name, before.get(name)).keys() - now.keys():
                    inputs.pop(part, None)
                filled = {part: one.filled_in for part, one in now.items() if part not in inputs}
                inputs.update({part: value for part, value in filled.items() if value is not None})

    def _put_mask(self, feed: Feed, name: str) -> None:
        """Let white be painted anew, whatever node of the graph loads the mask."""
        node_id = feed[0]
        if node_id not in self.surgery.nodes:
            return
        inputs = self.surgery.nodes[node_id]["inputs"]
        if not self._is_picture(feed):
            self.surgery.set(feed, name)
        if self.surgery.class_of(node_id) == _MASK_LOADER:
            if inputs.get(_CHANNEL, _TRANSPARENCY) == _TRANSPARENCY:
                inputs[_CHANNEL] = _GREY
            return
        schema = self.surgery.schema_of(node_id)
        gives_mask = schema is not None and schema.outputs[_MASK_SLOT:][:1] == ("MASK",)
        users = self.surgery.users(node_id, _MASK_SLOT) if gives_mask else []
        if users:
            loader = self.surgery.add(_MASK_LOADER, "Mask", image=name, channel=_GREY)
            for user, _ in users:
                self.surgery.link(user, (loader, 0))

    def _is_picture(self, feed: Feed) -> bool:
        """Say whether the same node loads a picture, of whose transparency the mask was made."""
        return any(feed in parameter.feeds for parameter in self.entry.of_type(ParameterType.IMAGE))

    def _leave_out_lora(self, feed: Feed) -> None:
        node_id, name = feed
        if node_id not in self.surgery.nodes:
            return
        schema = self.surgery.schema_of(node_id)
        if schema is None:
            return  # the preflight tells of the node
        wanted = schema.inputs.get(name)
        known = wanted.choices.known if wanted is not None and wanted.choices is not None else ()
        none = next((one for one in _NO_LORA if one in known), None)
        if none is not None:
            self.surgery.set(feed, none)
        else:
            self.surgery.bypass(node_id)


def _name_files(surgery: Surgery, outputs: Sequence[Output], prefix: str) -> None:
    """Give each node that saves a file name of its own, so that no file is ever overwritten."""
    named = [
        output.node_id
        for output in outputs
        if isinstance(surgery.nodes[output.node_id]["inputs"].get(_PREFIX), str)
    ]
    for k, node_id in enumerate(named):
        surgery.set((node_id, _PREFIX), prefix if len(named) == 1 else f"{prefix}-{k}")
