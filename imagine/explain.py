"""What a prompt would do, without doing it: the body of ``POST /api/parse``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from imagine.errors import Detail, PromptError, WorkflowError
from imagine.planned import Outline
from imagine.planner import Planner
from imagine.prompt_parser import Prompt, inspect, wire_parameters
from imagine.workflow_builder import Plan


def explain(
    text: str,
    options: Mapping[str, Any],
    planner: Planner,
    *,
    images: Sequence[str] = (),
    seconds: Callable[[Plan], float | None] = lambda _: None,
) -> dict[str, Any]:
    """Return tokens, errors, warnings and the resulting jobs of a prompt, errors and all.

    ``images`` are links that stand behind those in the prompt; nobody looks where they lead.
    ``seconds`` tells how long a plan would take on the engine. Units: seconds.
    """
    seen = inspect(text, planner.vocabulary(text, options), options, uploads=len(images))
    errors = list(seen.errors)
    jobs: list[dict[str, Any]] = []
    total: float | None = 0.0
    prompt = seen.prompt
    try:
        whole = (replace(prompt, images=(*prompt.images, *images)) for prompt in seen.prompts)
        for prompt in (one for typed in whole for one in planner.spread(typed)):
            outline = planner.outline(prompt)
            repeats = prompt.parameters.get("repeat", 1)
            assert isinstance(repeats, int), "the table says so"
            jobs += [_job(prompt, outline)] * repeats
            took = seconds(outline.plan)
            total = None if took is None or total is None else total + took * repeats
    except (PromptError, WorkflowError) as error:
        errors += _on(text, prompt, error)
        jobs.clear()
    return {
        "ok": not errors,
        "count": max(seen.count, len(jobs)),
        "jobs": jobs,
        "tokens": [
            {"start": t.start, "end": t.end, "kind": t.kind, "meaning": t.meaning}
            for t in seen.tokens
        ],
        "errors": [error.model_dump() for error in errors],
        "warnings": [note.model_dump() for note in seen.warnings],
        "eta_s": round(total, 1) if jobs and total is not None else None,
    }


def _on(text: str, prompt: Prompt | None, error: PromptError | WorkflowError) -> list[Detail]:
    """Return the problems of one line, without places when the line is not what was typed."""
    details = error.details or (Detail(message=error.message),)
    if prompt is not None and prompt.source == text:
        return list(details)
    return [detail.model_copy(update={"start": None, "end": None}) for detail in details]


def _job(typed: Prompt, outline: Outline) -> dict[str, Any]:
    prompt, made = outline.prompt, outline.plan
    parameters = dict(made.parameters)
    if "seed" not in prompt.parameters:
        parameters["seed"] = None
    return {
        "text": prompt.text,
        "segments": [{"text": s.text, "weight": s.weight} for s in prompt.segments],
        "images": list(prompt.images),
        "typed": wire_parameters(typed),
        "parameters": parameters,
        "canonical": prompt.canonical(),
        "width": parameters["width"],
        "height": parameters["height"],
        "notes": [note.model_dump() for note in (*prompt.notes, *made.notes)],
    }
