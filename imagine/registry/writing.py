"""The prompt of a workflow's run, written from its values: what was asked without a prompt, too.

What is written can be read again. Words that only look like flags, links or tags are told apart by
a space or a quote mark, which no value gets that way.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from imagine.importing.fields import ParameterType
from imagine.models import Note
from imagine.prompt import Prompt, Segment, Vocabulary, in_order
from imagine.prompt_loras import lora_tags
from imagine.prompt_tokens import LINK_IN_TEXT, flags, printable, tidy
from imagine.prompt_values import Value, Weighted
from imagine.registry.entries import FILES, Parameter
from imagine.registry.rows import is_flag, is_lora
from imagine.registry.translation import NO_LORA, written_value


def written_prompt(
    vocabulary: Vocabulary,
    parameters: Sequence[Parameter],
    values: Mapping[str, Any],
    names: Collection[str],
    *,
    words: str,
    seed: int,
    loras: Sequence[Weighted] = (),
    switches: Sequence[str] = (),
    notes: tuple[Note, ...] = (),
) -> Prompt:
    """Return a prompt that says what a run is given.

    ``names`` are the parameters that somebody gave; seeds and files are written in any case.
    ``switches`` are general flags without a value.
    """
    text = plain_words(words)
    written: dict[str, Value] = {"seed": seed, **dict.fromkeys(switches, True)}
    if vocabulary.workflow is not None:
        written["workflow"] = vocabulary.workflow
    items = list(loras)
    images: list[str] = []
    is_first = True
    for parameter in parameters:
        name, value = parameter.name, values.get(parameter.name)
        if parameter.type is ParameterType.IMAGE:
            is_first &= value is not None
            if is_first:
                images.append(str(value))
                continue
        always = parameter.type in _ALWAYS
        if value is None or not (always or name in names):
            continue
        if is_lora(parameter):
            items.insert(0, Weighted(str(value) or NO_LORA))
        elif is_flag(parameter):
            typed = written_value(parameter, value)
            written[name] = plain_words(typed) if isinstance(typed, str) else typed
    if items and not vocabulary.by_name["lora"].is_of_workflow:
        written["lora"] = tuple(items)
    prompt = Prompt(
        source="",
        text=text,
        segments=(Segment(text),),
        images=tuple(images),
        parameters=in_order(written, vocabulary),
        notes=notes,
        vocabulary=vocabulary,
    )
    return replace(prompt, source=prompt.canonical())


_ALWAYS = (ParameterType.SEED, *FILES)


def with_values(
    prompt: Prompt,
    parameters: Sequence[Parameter],
    values: Mapping[str, Any],
    names: Collection[str] = (),
) -> Prompt:
    """Return a prompt with what was drawn for it written in, and the words that stand in for none.

    ``names`` are further parameters that are written.
    """
    changes: dict[str, Value] = {}
    for parameter in parameters:
        name, value = parameter.name, values.get(parameter.name)
        wanted = parameter.type is ParameterType.SEED or name in names
        if value is not None and wanted and is_flag(parameter):
            typed = written_value(parameter, value)
            changes[name] = plain_words(typed) if isinstance(typed, str) else typed
    prompt = prompt.with_parameters(**changes)
    words = values.get("prompt")
    if not prompt.text and isinstance(words, str) and (text := plain_words(words)):
        prompt = replace(prompt, text=text, segments=(Segment(text),))
    return prompt


def plain_words(text: str) -> str:
    """Return words on one line, in which the prompt language reads nothing but words."""
    line = tidy(printable(text)).replace("::", ": :")
    for tag in reversed(lora_tags(line)):
        line = f"{line[: tag.start]}< {line[tag.start + 1 :]}"
    line = LINK_IN_TEXT.sub(lambda found: f'"{found.group()}', line)
    for flag in reversed(flags(line)):
        start = line.index(flag.name, flag.start)
        line = f"{line[:start]} {line[start:]}"
    return line.replace("::", ": :")
