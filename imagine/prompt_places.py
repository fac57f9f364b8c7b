"""Where in a prompt stands what a problem is about, for those who find it after the reading."""

from imagine.errors import Detail
from imagine.prompt import Prompt
from imagine.prompt_tokens import flags


def placed(prompt: Prompt, detail: Detail) -> Detail:
    """Add where the value stands in a prompt, if it was typed there."""
    source, value = prompt.source, detail.value or ""
    for flag in flags(source):
        row = prompt.vocabulary.find(flag.name)
        start = source.find(value, flag.body, flag.end)
        if row is not None and row.name == detail.parameter and start >= 0:
            return detail.model_copy(update={"start": start, "end": start + len(value)})
    tag = source.find(f"<lora:{value}") if detail.parameter == "lora" else -1
    if tag < 0:
        return detail
    start = source.index(value, tag)
    return detail.model_copy(update={"start": start, "end": start + len(value)})
