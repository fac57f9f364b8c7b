"""The folders of the registry: what is read, what stays out, and what a change does."""

import json
import os
from pathlib import Path

import pytest

from imagine.models import Broken
from imagine.registry.entries import Entry
from imagine.registry.entry_text import Notation, make_entry, read_text, write_entry
from imagine.workflow_files import Registry

GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 5, "steps": 20, "model": ["4", 0]},
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["4", 1]}},
}
ENTRY = """\
name = "Portrait"
description = "A face"
category = "portrait"
max_batch_size = 4

[example]
prompt = "an old sailor"
parameters = {steps = 30}

[[parameters]]
name = "prompt"
type = "text"
feeds = ["6.text"]

[[parameters]]
name = "steps"
type = "int"
default = 25
min = 1
max = 60
feeds = ["3.steps"]
"""


def write(folder: Path, name: str, text: str, graph: object = GRAPH) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(graph), encoding="utf-8")
    return path


def read(folder: Path) -> tuple[dict[str, Entry], tuple[Broken, ...]]:
    library = Registry(folder, shipped=folder / "nothing").current()
    return dict(library.entries), library.broken


def touch(path: Path) -> None:
    """Let a file look changed, however coarse the clock of the disk is."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))


def test_an_entry_is_read_with_its_graph(tmp_path):
    write(tmp_path / "sdxl", "portrait", ENTRY)
    entries, broken = read(tmp_path)
    entry = entries["portrait"]
    assert broken == ()
    assert (entry.name, entry.category, entry.max_batch_size) == ("Portrait", "portrait", 4)
    assert entry.graph == GRAPH
    assert [(one.name, one.feeds) for one in entry.parameters] == [
        ("prompt", (("6", "text"),)),
        ("steps", (("3", "steps"),)),
    ]
    assert entry.file == "sdxl/portrait.toml"


def test_toml_and_json_say_the_same(tmp_path):
    write(tmp_path / "a", "portrait", ENTRY)
    told = read_text(ENTRY, Notation.TOML)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "portrait.entry.json").write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "b" / "portrait.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    [one], [other] = read(tmp_path / "a")[0].values(), read(tmp_path / "b")[0].values()
    assert one.model_copy(update={"file": ""}) == other.model_copy(update={"file": ""})


def test_what_is_written_is_read_again(tmp_path):
    write(tmp_path, "portrait", ENTRY)
    [entry] = read(tmp_path)[0].values()
    text = write_entry(entry, "portrait.json")
    told = read_text(text, Notation.TOML)
    assert told.pop("graph") == "portrait.json"
    again = make_entry(told, GRAPH, stem="x", source=entry.source, file=entry.file)
    assert again == entry


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("name = ", 1, "no TOML"),
        (ENTRY.replace("max = 60", "max = 0"), 15, "min is above max"),
        (ENTRY.replace("max = 60", "max = 'many'"), 20, "parameters.1.max: it takes a number."),
        (ENTRY.replace('"int"', '"number"'), 17, "parameters.1.type: it takes 'int', 'float'"),
        (ENTRY.replace('type = "int"', ""), 15, "parameters.1.type: it is missing."),
        (ENTRY.replace('"steps"', '"Steps!"'), 16, "name: it takes small letters, digits and _"),
        (ENTRY.replace('["3.steps"]', "[]"), 21, "parameters.1.feeds: it takes at least 1."),
        (ENTRY.replace('["3.steps"]', '"3.steps"'), 21, "feeds: it takes a list, in [ ]."),
        (ENTRY.replace('= "portrait"', '= "My own"'), 3, "category: it takes small letters"),
        (ENTRY.replace("size = 4", "size = 40"), 4, "max_batch_size: it is at most 10."),
        (ENTRY.replace('"Portrait"', '""'), 1, "name: it may not be empty."),
        (ENTRY.replace("3.steps", "9.steps"), 21, "no node 9"),
        (ENTRY.replace("3.steps", "3.model"), 21, "by a link"),
        (ENTRY.replace("3.steps", "steps"), 21, "a node and one of its inputs"),
        (ENTRY.replace("{steps = 30}", "{stepz = 30}"), None, "example sets stepz"),
        (ENTRY.replace('name = "prompt"', 'name = "steps"'), None, "two param"),
        (ENTRY.replace("category =", "colour ="), 3, "colour: there is no such field."),
        (ENTRY.replace('"steps"', '"workflow"').replace("{steps = 30}", "{}"), 15, "is taken"),
        (ENTRY + "default = inf\n", None, "no TOML"),
        (ENTRY.replace("default = 25", "default = true"), 15, "no int"),
    ],
)
def test_a_broken_entry_is_told_by_line_and_leaves_the_others(tmp_path, text, line, reason):
    write(tmp_path, "good", ENTRY)
    write(tmp_path, "bad", text)
    entries, [broken] = read(tmp_path)
    assert list(entries) == ["good"]
    assert broken.file == "bad.toml"
    assert reason in broken.message
    assert line is None or broken.line == line


def test_a_broken_graph_is_told_by_name(tmp_path):
    write(tmp_path, "page", ENTRY, {"nodes": [{"id": 1, "type": "KSampler"}], "links": []})
    write(tmp_path, "other", ENTRY, {"a": 1})
    (write(tmp_path, "none", ENTRY)).with_suffix(".json").unlink()
    entries, broken = read(tmp_path)
    assert entries == {}
    assert [one.file for one in broken] == ["none.toml", "other.toml", "page.toml"]
    assert "none.json cannot be read" in broken[0].message
    assert "Export (API)" in broken[2].message


def test_a_change_is_seen_and_nothing_else_is_read_again(tmp_path):
    path = write(tmp_path, "portrait", ENTRY)
    write(tmp_path, "still", ENTRY)
    registry = Registry(tmp_path, shipped=tmp_path / "nothing")
    first = registry.current()
    assert registry.current() is first
    path.write_text(ENTRY.replace("max = 60", "max = 90"), encoding="utf-8")
    touch(path)
    second = registry.current()
    changed = second.entries["portrait"].parameter("steps")
    assert changed is not None
    assert changed.max == 90
    assert second.entries["still"] is first.entries["still"]
    graph = path.with_suffix(".json")
    graph.write_text(json.dumps(GRAPH | {"9": GRAPH["6"]}), encoding="utf-8")
    touch(graph)
    third = registry.current().entries["portrait"]
    assert third.revision != second.entries["portrait"].revision
    path.unlink()
    graph.unlink()
    assert list(registry.current().entries) == ["still"]


def test_an_own_entry_stands_in_place_of_a_shipped_one(tmp_path):
    write(tmp_path / "shipped", "portrait", ENTRY)
    write(tmp_path / "own", "portrait", ENTRY.replace("A face", "Mine"))
    library = Registry(tmp_path / "own", shipped=tmp_path / "shipped").current()
    assert library.entries["portrait"].description == "Mine"


def test_an_id_is_given_once(tmp_path):
    write(tmp_path, "a", ENTRY + "")
    write(tmp_path, "b", f'id = "a"\n{ENTRY}')
    entries, [broken] = read(tmp_path)
    assert list(entries) == ["a"]
    assert broken.file == "b.toml"


def test_no_graph_is_read_from_outside(tmp_path):
    (tmp_path / "secret.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    write(tmp_path / "own", "portrait", f'graph = "../secret.json"\n{ENTRY}')
    entries, [broken] = read(tmp_path / "own")
    assert entries == {}
    assert "not in the folder" in broken.message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad.toml", f"version = {'9' * 5000}"),
        ("bad.entry.json", f'{{"version": {"9" * 5000}}}'),
        ("bad.toml", "a = " + "[" * 5000),
        ("bad.json", f'{{"1": {{"class_type": "A", "inputs": {{"a": {"9" * 5000}}}}}}}'),
    ],
)
def test_what_no_reader_takes_leaves_the_others(tmp_path, name, text):
    write(tmp_path, "good", ENTRY)
    (tmp_path / name).write_text(text, encoding="utf-8")
    entries, [broken] = read(tmp_path)
    assert (list(entries), broken.file) == (["good"], name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_nobody_waits_for_a_pipe(tmp_path):
    write(tmp_path, "good", ENTRY)
    for name in ("entry.toml", "graph.json"):
        os.mkfifo(tmp_path / name)
    entries, broken = read(tmp_path)
    assert list(entries) == ["good"]
    assert [one.message for one in broken] == ["entry.toml is no file.", "graph.json is no file."]


def test_links_in_a_circle_leave_the_others(tmp_path):
    write(tmp_path, "good", ENTRY)
    (tmp_path / "bad.toml").write_text(ENTRY, encoding="utf-8")
    try:
        (tmp_path / "bad.json").symlink_to("bad.json")
    except OSError:
        pytest.skip("no links may be made here")
    entries, [broken] = read(tmp_path)
    assert (list(entries), broken.file) == (["good"], "bad.toml")


def test_a_folder_of_too_many_files_says_which_stay_out(tmp_path, monkeypatch):
    monkeypatch.setattr("imagine.workflow_files.MOST_FILES", 4)
    write(tmp_path, "good", ENTRY)
    write(tmp_path, "late", ENTRY)
    registry = Registry(tmp_path, shipped=tmp_path / "nothing")
    assert registry.current().broken == ()
    write(tmp_path, "most", ENTRY)
    [broken] = registry.current().broken
    assert "more than 4 files. Those from most.json on stay out" in broken.message
    assert list(registry.current().entries) == ["good", "late"]
