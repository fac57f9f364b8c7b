"""A server in front of the fake ComfyUI whose jobs run a graph that a test gives.

The graph stands for a workflow of somebody's own: nobody knows how many files its nodes give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from imagine.app_keys import PARTS
from imagine.catalog import Catalog
from imagine.graph import Workflow, output_nodes
from imagine.models import JobKind
from imagine.planned import Planned
from imagine.prompt_parser import Prompt
from tests.conftest import Client
from tests.following import follow, submit


@dataclass(frozen=True, slots=True)
class Foreign(Planned):
    """A job of a workflow that is not ours."""

    @property
    def kind(self) -> JobKind:
        return JobKind.WORKFLOW


def graph_of(*class_types: str) -> dict[str, dict[str, Any]]:
    """A graph of nodes that only give something: 1, 2 …"""
    return {
        str(number): {"class_type": class_type, "inputs": {}}
        for number, class_type in enumerate(class_types, 1)
    }


def runs(
    client: Client,
    graph: Mapping[str, dict[str, Any]],
    outputs: Sequence[str],
    *,
    takes_temp: bool = False,
) -> None:
    """Let every prompt of a server run this graph."""
    assert client.app is not None, "started"
    planner = client.app[PARTS].planner
    plain = planner.plan

    def plan(prompt: Prompt, prompt_id: str, catalog: Catalog | None, **more: Any) -> Planned:
        planned = plain(prompt, prompt_id, catalog, **more)
        parts = {field.name: getattr(planned, field.name) for field in fields(planned)}
        parts["workflow"] = Workflow(
            graph=dict(graph),
            outputs=output_nodes(outputs),
            samplers={},
            weights=dict.fromkeys(graph, 1.0),
            is_counted=False,
            takes_temp=takes_temp,
        )
        return Foreign(**parts)

    planner.plan = plan  # type: ignore[method-assign]


async def made(client: Client, prompt: str = "a red fox --seed 1") -> dict[str, Any]:
    """Submit a prompt and return its job at the end."""
    async with follow(client) as follower:
        (job,) = await submit(client, prompt)
        return await follower.end(job["id"])
