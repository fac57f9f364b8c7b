"""What a file is: a graph for programs, a graph of ComfyUI's page, or something else by its name.

Apart from the conversion, because most that can be wrong with a dropped file is wrong here, and
its sentence must say what to drop instead.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from imagine.errors import WorkflowError
from imagine.image_bytes import PNG_SIGNATURE
from imagine.importing.pictures import graph_texts

# Units: bytes. A picture of a large batch, or of video, can be that large; its graph is not.
FILE_LIMIT = 64 * 2**20
JSON_LIMIT = 16 * 2**20
# Units: nodes, after groups and subgraphs are unfolded.
MOST_NODES = 5000

EXPORT = "In ComfyUI, choose Workflow → Export (API) or Export, and drop that file."

# Where programs put a graph inside something larger.
_WRAPPERS = ("prompt", "output", "workflow", "graph")
_OTHERS = (
    (frozenset({"nodes", "connections"}), "a workflow of n8n"),
    (frozenset({"nodes", "edges"}), "a workflow of InvokeAI or another program with edges"),
    (frozenset({"sd_model_checkpoint"}), "a settings file of AUTOMATIC1111’s web UI"),
    (frozenset({"samples_save"}), "a settings file of AUTOMATIC1111’s web UI"),
    (frozenset({"txt2img/Prompt/value"}), "a settings file of AUTOMATIC1111’s web UI"),
    (frozenset({"model_type", "architectures"}), "the configuration of a model"),
    (frozenset({"dependencies", "version"}), "a package file"),
)
# How JSON escapes one half of a character.
_HALF = "\\ud"
_BINARY = {
    b"GIF8": "A GIF holds no graph",
    b"\x1aE\xdf\xa3": "Graphs in WebM videos are not read",
    b"glTF": "Graphs in GLB models are not read",
    b"fLaC": "Graphs in FLAC files are not read",
    b"PK\x03\x04": "This is a ZIP archive",
    b"%PDF": "This is a PDF",
}


class Format(StrEnum):
    """How a graph was written down."""

    API = "api"
    UI = "ui"


@dataclass(frozen=True, slots=True)
class Document:
    """The raw graph of a file, and the page's form of it where a picture holds both."""

    format: Format
    raw: Mapping[str, Any]
    container: str
    page: Mapping[str, Any] = field(default_factory=dict)


def read_document(data: bytes) -> Document:
    """Return the graph that a file holds.

    Raises:
        WorkflowError: there is none, or it is too large; the message says what the file is.
    """
    if len(data) > FILE_LIMIT:
        raise WorkflowError(
            f"The file has {len(data) // 2**20} MB; {FILE_LIMIT // 2**20} MB are read at most.",
            hint=EXPORT,
        )
    texts = graph_texts(data)
    if texts is not None:
        return _of_picture(texts, "png" if data.startswith(PNG_SIGNATURE) else "exif")
    found = recognise(_parsed(data))
    return Document(found[0], found[1], "json")


def recognise(value: Any) -> tuple[Format, Mapping[str, Any]]:
    """Return a parsed JSON value as a graph, with its format.

    Raises:
        WorkflowError: it is none; the message says what it is, where that shows.
    """
    graph = _unwrapped(value)
    if not isinstance(graph, Mapping):
        raise WorkflowError(f"This is JSON, but {_shape(value)} and no workflow.", hint=EXPORT)
    if is_page_graph(graph):
        if not any(isinstance(node, Mapping) for node in graph["nodes"]):
            raise WorkflowError("The workflow is empty: it has no nodes.", hint=EXPORT)
        return Format.UI, graph
    nodes = {key: node for key, node in graph.items() if _is_api_node(node)}
    if nodes:
        if len(nodes) > MOST_NODES:
            raise too_many()
        return Format.API, nodes
    if not graph:
        raise WorkflowError("The workflow is empty: it has no nodes.", hint=EXPORT)
    raise WorkflowError(f"This is no workflow of ComfyUI: {_name(graph)}.", hint=EXPORT)


def too_many() -> WorkflowError:
    """Return the error of a graph that nobody draws by hand."""
    return WorkflowError(
        f"The workflow has more than {MOST_NODES} nodes, with what its subgraphs hold.",
        hint="Split it, or export the part that you need.",
    )


def is_page_graph(value: Any) -> bool:
    """Say whether a value is a graph as ComfyUI's page keeps it."""
    if not isinstance(value, Mapping) or not isinstance(value.get("nodes"), list):
        return False
    nodes = [node for node in value["nodes"] if isinstance(node, Mapping)]
    if "connections" in value or "edges" in value:
        return False
    return all("type" in node and "id" in node for node in nodes)


def _of_picture(texts: Mapping[str, str], container: str) -> Document:
    """Prefer the graph that ran; the page's form knows titles and what its maker marked."""
    readable: dict[str, tuple[Format, Mapping[str, Any]]] = {}
    problem = None
    for key, text in texts.items():
        try:
            readable[key] = recognise(_parsed(text.encode("utf-8", "surrogatepass")))
        except WorkflowError as error:
            problem = error
    graphs = sorted(readable.values(), key=lambda found: found[0])  # api before ui
    if not graphs:
        if problem is not None:
            raise WorkflowError(
                f"The picture names a workflow that cannot be read. {problem.message}", hint=EXPORT
            ) from problem
        raise WorkflowError(
            "The picture holds no workflow: ComfyUI did not make it, or it was saved again since.",
            hint="Drop the file that ComfyUI’s SaveImage wrote, or the workflow as JSON.",
        )
    format_, raw = graphs[0]
    page = graphs[-1][1] if graphs[-1][0] is Format.UI else {}
    return Document(format_, raw, container, page)


def _parsed(data: bytes) -> Any:
    for beginning, told in _BINARY.items():
        if data.startswith(beginning):
            raise WorkflowError(
                f"{told}.", hint=f"PNG, WebP and JPEG pictures and JSON are read. {EXPORT}"
            )
    if len(data) > JSON_LIMIT:
        raise WorkflowError(
            f"This JSON has more than {JSON_LIMIT // 2**20} MB, which no workflow has.", hint=EXPORT
        )
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkflowError(
            "This is neither JSON nor a picture with a workflow.",
            hint=f"PNG, WebP and JPEG pictures and JSON are read. {EXPORT}",
        ) from error
    try:
        return _whole(json.loads(text)) if _HALF in text.lower() else json.loads(text)
    except json.JSONDecodeError as error:
        raise _not_json(text, error) from error
    except (ValueError, RecursionError) as error:
        raise WorkflowError(
            "This JSON cannot be read: it is nested too deep.", hint=EXPORT
        ) from error


def _whole(value: Any) -> Any:
    """Return a value without halves of characters, which nothing could be written down with."""
    halves = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(halves.decode("utf-16", "replace"))


def _not_json(text: str, error: json.JSONDecodeError) -> WorkflowError:
    beginning = text.lstrip()[:200].lower()
    if not beginning:
        return WorkflowError("The file is empty.", hint=EXPORT)
    if beginning.startswith("<"):
        told = "This is a web page, not the workflow that it shows."
        return WorkflowError(told, hint="Download the file itself (“Raw” on GitHub), and drop it.")
    if "steps:" in text.lower() and "sampler" in text.lower():
        told = "These are generation settings as AUTOMATIC1111’s web UI writes them, no workflow."
        return WorkflowError(told, hint="Paste them as a prompt, or drop a workflow of ComfyUI.")
    return WorkflowError(
        f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.", hint=EXPORT
    )


def _unwrapped(value: Any, depth: int = 0) -> Any:
    """Return the graph inside a request, an entry of the history, or a file of another tool."""
    if not isinstance(value, Mapping) or is_page_graph(value) or depth > 3:
        return value
    if any(_is_api_node(node) for node in value.values()):
        return value
    for key in _WRAPPERS:
        inner = value.get(key)
        if isinstance(inner, list) and len(inner) > 2 and isinstance(inner[2], Mapping):
            inner = inner[2]  # an entry of the history or the queue: [number, id, graph, …]
        found = _unwrapped(inner, depth + 1)
        if isinstance(found, Mapping) and (
            is_page_graph(found) or any(_is_api_node(node) for node in found.values())
        ):
            return found
    return value


def _is_api_node(node: Any) -> bool:
    return isinstance(node, Mapping) and isinstance(node.get("class_type"), str)


def _name(value: Mapping[str, Any]) -> str:
    for keys, name in _OTHERS:
        if keys <= value.keys():
            return f"it is {name}"
    if any(key.startswith("Comfy.") for key in value):
        return "it is the settings file of ComfyUI’s page"
    if any(isinstance(node, Mapping) and "input_order" in node for node in value.values()):
        return "it is the list of an engine’s nodes (/object_info)"
    if "groupNodes" in value or "last_node_id" in value:
        return "its list of nodes is missing"
    keys_shown = ", ".join(str(key)[:30] for key in list(value)[:4])
    return f"it is an object with {keys_shown}"


def _shape(value: Any) -> str:
    match value:
        case list():
            return "a list"
        case str():
            return "a text"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case None:
            return "null"
        case _:
            return "something else"
