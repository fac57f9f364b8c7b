"""What is written into the owner's folder, what is taken out of it, and how that is undone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from imagine import workflow_saving
from imagine.errors import ConflictError, NotFoundError, StorageError, WorkflowError
from imagine.profiles import load_profiles
from imagine.registry.entries import Entry
from imagine.registry.from_import import entry_of
from imagine.workflow_files import Registry
from tests.importing.samples import FOLDER, raw, recorded, workflow
from tests.registry.test_workflow_files import ENTRY, GRAPH, write


def a_registry(folder: Path) -> Registry:
    shipped = folder.parent / "shipped"
    write(shipped, "portrait", ENTRY)
    return Registry(folder, shipped, catalog=recorded, profiles=load_profiles())


def an_entry(id_: str = "fox") -> Entry:
    profiles = load_profiles()
    return entry_of(workflow("sd15_default"), id=id_, name="Fox", profiles=profiles)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_what_is_saved_is_there_at_once_and_can_be_edited(tmp_path: Path):
    own = tmp_path / "own"
    registry = a_registry(own)
    saved = registry.save(an_entry())
    assert files(own) == ["fox.json", "fox.toml"]
    assert registry.latest.entries["fox"] == saved
    assert json.loads((own / "fox.json").read_text("utf-8")) == dict(saved.graph)
    assert "[[parameters]]" in (own / "fox.toml").read_text("utf-8")


def test_nothing_is_overwritten(tmp_path: Path):
    own = tmp_path / "own"
    registry = a_registry(own)
    own.mkdir()
    (own / "Fox.txt").write_text("mine", encoding="utf-8")
    (own / "fox_2.entry.json").write_text("broken", encoding="utf-8")
    assert registry.save(an_entry()).id == "fox_3"
    assert registry.save(an_entry()).id == "fox_4"
    assert registry.save(an_entry("portrait")).id == "portrait_2"
    assert (own / "Fox.txt").read_text("utf-8") == "mine"


def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = tmp_path / "own"
    registry = a_registry(own)
    whole: Callable[[Path, bytes], None] = workflow_saving._create

    def full(path: Path, data: bytes) -> None:
        if path.suffix == ".toml":
            raise OSError(28, "No space left on device")
        whole(path, data)

    monkeypatch.setattr(workflow_saving, "_create", full)
    with pytest.raises(StorageError) as caught:
        registry.save(an_entry())
    assert caught.value.error_code == "disk_full"
    assert files(own) == []
    assert "fox" not in registry.current().entries


def test_what_could_not_be_read_again_is_not_kept(tmp_path: Path):
    own = tmp_path / "own"
    registry = a_registry(own)
    graph = {str(n): {"class_type": "Note", "inputs": {"text": "x" * 10**6}} for n in range(18)}
    with pytest.raises(WorkflowError, match="too large"):
        registry.save(an_entry().model_copy(update={"graph": graph, "parameters": ()}))
    assert files(own) == []


def test_what_is_removed_can_be_taken_back(tmp_path: Path):
    own = tmp_path / "own"
    write(own / "faces", "mine", ENTRY)
    registry = a_registry(own)
    removed = registry.remove("mine")
    assert "mine" not in registry.latest.entries
    assert files(own) == [".trash/mine~1/faces/mine.json", ".trash/mine~1/faces/mine.toml"]
    assert registry.restore("mine") == removed
    assert files(own) == ["faces/mine.json", "faces/mine.toml"]
    with pytest.raises(NotFoundError):
        registry.restore("another")


def test_what_was_removed_last_comes_back_and_only_into_a_free_place(tmp_path: Path):
    own = tmp_path / "own"
    registry = a_registry(own)
    write(own, "mine", ENTRY)
    registry.remove("mine")
    write(own, "mine", ENTRY.replace("A face", "Another"))
    with pytest.raises(ConflictError, match="again"):
        registry.restore("mine")
    registry.remove("mine")
    assert registry.restore("mine").description == "Another"


def test_a_graph_that_others_use_stays(tmp_path: Path):
    own = tmp_path / "own"
    write(own, "one", ENTRY)
    (own / "two.toml").write_text(f'graph = "one.json"\n{ENTRY}', encoding="utf-8")
    registry = a_registry(own)
    registry.remove("one")
    assert list(registry.latest.entries) == ["portrait", "two"]
    assert (own / "one.json").is_file()


def test_a_shipped_one_stays_and_comes_back_from_behind_an_own_one(tmp_path: Path):
    own = tmp_path / "own"
    registry = a_registry(own)
    with pytest.raises(ConflictError, match="comes with Imagine"):
        registry.remove("portrait")
    with pytest.raises(NotFoundError):
        registry.remove("nothing")
    write(own, "portrait", ENTRY.replace("A face", "Mine"))
    assert registry.remove("portrait").description == "Mine"
    assert registry.latest.entries["portrait"].description == "A face"


def test_a_graph_without_an_entry_is_a_workflow_too(tmp_path: Path):
    own = tmp_path / "own"
    registry = a_registry(own)
    (own / "more").mkdir(parents=True)
    (own / "more" / "My Default.json").write_bytes(raw("sd15_default"))
    library = registry.current()
    found = library.entries["my_default"]
    assert (found.name, found.category) == ("My Default", "text-to-image")
    assert found.parameter("steps") is not None
    assert registry.current() is library
    assert registry.remove("my_default") == found
    assert files(own) == [".trash/my_default~1/more/My Default.json"]


def test_a_graph_without_an_entry_is_read_again_when_the_engine_tells_its_nodes(tmp_path: Path):
    catalogs = [None, recorded()]
    registry = Registry(tmp_path, tmp_path / "none", catalog=lambda: catalogs[0])
    (tmp_path / "mine.json").write_bytes((FOLDER / "sd15_api.json").read_bytes())
    before = registry.current()
    assert before.entries["mine"].parameter("steps") is not None
    del catalogs[0]
    after = registry.current()
    steps = after.entries["mine"].parameter("steps")
    assert after is not before
    assert steps is not None
    assert steps.max == 10000


def test_a_file_that_is_no_workflow_is_told(tmp_path: Path):
    registry = Registry(tmp_path, tmp_path / "none")
    (tmp_path / "package.json").write_text('{"version": 1, "dependencies": {}}', encoding="utf-8")
    (tmp_path / "good.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    library = registry.current()
    assert list(library.entries) == ["good"]
    (broken,) = library.broken
    assert broken.file == "package.json"
    assert "package file" in broken.message


def test_a_picture_is_that_beside_the_entry_and_none_from_outside(tmp_path: Path):
    own = tmp_path / "own"
    write(own, "mine", f'picture = "mine.png"\n{ENTRY}')
    registry = a_registry(own)
    entry = registry.current().entries["mine"]
    with pytest.raises(NotFoundError):
        registry.picture(entry)
    (own / "mine.png").write_bytes(b"a picture")
    assert registry.picture(entry) == own / "mine.png"
    (own / "mine.png").unlink()
    (tmp_path / "secret.png").write_bytes(b"secret")
    try:
        (own / "mine.png").symlink_to(tmp_path / "secret.png")
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(NotFoundError):
        registry.picture(entry)
