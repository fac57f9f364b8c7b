"""The documents keep up with the code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagine.errors import ImagineError
from imagine.importing.fields import ParameterType
from imagine.importing.parameters import Rank
from imagine.models import Action, Job, JobState, Stage
from imagine.parameters import PARAMETERS, Parameter
from imagine.registry import entries as registry
from imagine.registry.entries import Entry, Source
from imagine.registry.entry_text import Notation, make_entry, read_text
from imagine.routes.table import OPERATIONS
from imagine.routes.wire_workflows import WorkflowEntry
from imagine.settings import Settings, display, env_name, flag_name, is_table
from imagine.workflow_files import Registry
from scripts.prompt_docs import text
from scripts.prompt_docs.acting import ACTIONS
from scripts.prompt_docs.examples import example_of
from scripts.prompt_docs.families import PROFILES, families

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
LANGUAGE = ROOT / "docs" / "prompt-language.md"
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def all_errors(kind: type[ImagineError] = ImagineError) -> Iterator[type[ImagineError]]:
    yield kind
    for leaf in kind.__subclasses__():
        yield from all_errors(leaf)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme_with_flag_variable_and_default(name):
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{name}`")]
    assert is_table(name) or f"`{flag_name(name)}`" in row
    assert f"`{env_name(name)}`" in row
    default = Settings.model_fields[name].default
    assert not default or f"`{display(default)}`" in row


def test_the_readme_names_no_setting_that_is_not_there():
    rows = re.findall(r"^\| `(\w+)` \| (?:`--|–)", README, re.MULTILINE)
    assert set(rows) == Settings.model_fields.keys()


@pytest.mark.parametrize("error", sorted(set(all_errors()), key=str))
def test_every_error_has_a_code_a_status_and_a_line_in_the_protocol(error):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert 400 <= error.status < 600
    assert f"`{error.code}`" in PROTOCOL
    assert error.__doc__


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
def test_every_route_is_in_the_protocol(operation):
    assert f"{operation.method} {operation.path}" in PROTOCOL


@pytest.mark.parametrize("word", [*JobState, *Stage, *Job.model_fields])
def test_every_word_of_a_job_is_in_the_protocol(word):
    assert re.search(rf'[`"| ]{word}[`"| ]', PROTOCOL)


def test_every_example_of_the_protocol_is_json():
    examples = re.findall(r"```json\n(.*?)```", PROTOCOL, re.DOTALL)
    assert len(examples) > 5
    for example in examples:
        json.loads(example)


def test_the_job_of_the_protocol_is_a_job():
    example = re.search(r"## The job\n\n```json\n(.*?)```", PROTOCOL, re.DOTALL)
    assert example is not None
    job = Job.model_validate_json(example[1])
    assert job.model_fields_set == Job.model_fields.keys()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (document.parent / target).exists(), target
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


@pytest.fixture(scope="module")
def generated() -> str:
    return text.generated()


def test_the_generated_part_of_the_language_is_up_to_date(generated: str):
    document = LANGUAGE.read_text(encoding="utf-8")
    part = document[document.index(text.BEGIN) : document.index(text.END) + len(text.END) + 1]
    assert part.splitlines() == generated.splitlines(), "run: make docs"


@pytest.mark.parametrize(
    "row", [row for row in PARAMETERS if not row.is_legacy], ids=lambda row: row.name
)
def test_every_flag_is_told_with_an_example(row: Parameter, generated: str):
    (section,) = re.findall(
        rf"^### `{row.flag}`\n\n(.*?)\n\n#", generated, re.MULTILINE | re.DOTALL
    )
    assert section.startswith(f"*{row.fidelity}* · ")
    assert f"- `{example_of(row).prompt}`\n" in f"{section}\n"


def test_every_picture_of_the_language_is_there_and_no_other(generated: str):
    names = set(re.findall(rf"\]\({text.PICTURES}/([^)]+)\)", generated))
    files = list((ROOT / "docs" / text.PICTURES).iterdir())
    assert names == {path.name for path in files}
    assert sum(path.stat().st_size for path in files) < 1_500_000


def test_every_family_that_makes_pictures_is_looked_at():
    profiles = {one.profile.family for one in families()}
    assert profiles == {one.family for one in PROFILES if one.unsuitable is None or one.edit}


def test_every_action_is_told():
    told = " ".join(action.name for action in ACTIONS)
    assert all(f"`{action}`" in told for action in Action)


WORKFLOWS = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")


def test_the_entry_of_the_documents_is_one_and_has_every_field():
    example = re.search(r"```toml\n(.*?)```", WORKFLOWS, re.DOTALL)
    assert example is not None
    told = read_text(example[1], Notation.TOML)
    assert told.pop("graph") == "portrait.json"
    graph = {"3": {"class_type": "KSampler"}, "6": {"class_type": "CLIPTextEncode"}}
    entry = make_entry(told, graph, stem="x", source=Source.OWN, file="x.toml")
    assert entry.model_fields_set == Entry.model_fields.keys()
    fields = {name for one in entry.parameters for name in one.model_fields_set}
    assert fields == registry.Parameter.model_fields.keys()


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in Entry.model_fields if name not in ("source", "file")),
        *registry.Parameter.model_fields,
        *ParameterType,
        *Rank,
    ],
)
def test_every_word_of_an_entry_is_told(name):
    told = WORKFLOWS[WORKFLOWS.index("Only `name`") : WORKFLOWS.index("Exactly these inputs")]
    assert f"`{name}`" in told


def test_every_shipped_workflow_is_told_with_its_family_and_no_other():
    told = re.findall(r"^\| `(\w+)` \| .+ \| (?:`([\w-]+)`|any) \|$", WORKFLOWS, re.MULTILINE)
    entries = Registry(ROOT / "nowhere").current().entries
    assert dict(told) == {entry.id: entry.family for entry in entries.values()}


def test_the_workflow_of_the_protocol_has_every_field():
    example = re.search(r"one:\n\n```json\n(.*?)```", PROTOCOL, re.DOTALL)
    assert example is not None
    assert WorkflowEntry.model_validate_json(example[1]).model_fields_set == (
        WorkflowEntry.model_fields.keys()
    )


def test_the_examples_of_the_commands_of_workflows_are_json():
    bodies = re.findall(r"-d '(\{.*?\})'", WORKFLOWS)
    assert len(bodies) >= 3
    for body in bodies:
        json.loads(body)
