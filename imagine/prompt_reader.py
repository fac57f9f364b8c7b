"""Reads one line of the prompt language, with no groups in it: references, text, then flags.

Apart from the front door, because a prompt may make many lines. A reading never fails: it collects
every problem and every note, with its place in the line, and paints what each place is.
"""

from collections.abc import Sequence

from imagine.errors import Detail
from imagine.models import NoteLevel
from imagine.parameters import Arity, ItemKind, Parameter, ValueType
from imagine.prompt import Prompt, Segment, Vocabulary, in_order, write_text
from imagine.prompt_findings import Findings
from imagine.prompt_front import Front, command_end, refuse_links
from imagine.prompt_loras import (
    NOTHING,
    LoraTag,
    comma_of,
    lora_tags,
    read_tag,
    without_tags,
)
from imagine.prompt_settling import settle
from imagine.prompt_tokens import (
    MISPLACED_LINK,
    Flag,
    TokenKind,
    Word,
    clip,
    extent,
    flags,
    tidy,
    words,
)
from imagine.prompt_values import (
    BadValueError,
    Value,
    read_item,
    read_link,
    read_phrases,
    read_word,
    split_weight,
)


class Reading:
    """Everything that was found in one line.

    ``is_fragment``: a piece of a prompt, which may be without words. ``open_places`` are spans that
    will be filled in later, so that what touches them is no problem yet. ``repeats`` are the spans
    of ``--repeat``.
    """

    def __init__(
        self,
        line: str,
        vocabulary: Vocabulary,
        *,
        uploads: int = 0,
        is_fragment: bool = False,
        open_places: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.vocabulary = vocabulary
        self.findings = Findings(line, vocabulary, open_places)
        self.canvas = self.findings.canvas
        self.repeats: list[tuple[int, int]] = []
        self._values: dict[str, Value] = {}
        self._typed: dict[str, Flag] = {}
        self._has_stray = False
        tags = lora_tags(line)
        words_only = self._without_command(without_tags(line, tags))
        # The line as it is read: as long as what was typed, with spaces for what is read already.
        self.line = words_only.replace(NOTHING, " ")
        found = flags(self.line)
        self._models = self._models_named(found)
        end = found[0].start if found else len(line)
        self._front = Front(self.line, words_only[:end], self.findings)
        for flag in found:
            self._read_flag(flag, tags)
        for tag in tags:
            self._read_tag(tag)
        self._note_width()
        is_empty = not (
            self._front.segments or self._has_stray or len(self._front.images) + uploads > 1
        )
        if is_empty and not is_fragment and vocabulary.workflow is None:
            self._refuse_emptiness()

    @property
    def problems(self) -> list[Detail]:
        return self.findings.problems

    def prompt(self) -> Prompt:
        """Return the prompt; of use only when there are no problems."""
        segments = tuple(self._front.segments) or (Segment(""),)
        values, notes = settle(self._values, self.vocabulary.own)
        return Prompt(
            source=self.findings.line,
            text=write_text(segments),
            segments=segments,
            images=tuple(self._front.images),
            parameters=in_order(values, self.vocabulary),
            notes=tuple(dict.fromkeys(self.findings.notes + notes)),
            tokens=self.canvas.tokens(),
            vocabulary=self.vocabulary,
        )

    # ------------------------------------------------------------------------- tags among the words

    def _without_command(self, line: str) -> str:
        """Leave out ``/imagine prompt:``, copied along; a flag may stand right behind it."""
        end = command_end(line.replace(NOTHING, " "))
        if end:
            command = clip(tidy(line[:end].replace(NOTHING, " ")))
            message = f"“{command}” was left out: it is no part of the picture."
            self.findings.note(None, message, NoteLevel.INFO)
            self.canvas.paint(*extent(line, 0, end), TokenKind.NOTE, message)
        return " " * end + line[end:]

    def _read_tag(self, tag: LoraTag) -> None:
        row = self.vocabulary.by_name.get("lora")
        if row is None or row.items is not ItemKind.LORA:
            message = f"{clip(f'<lora:{tag.body}>')} was left out: this workflow takes no LoRA."
            self.findings.note("lora", message)
            return
        try:
            item, has_second = read_tag(row, tag)
        except BadValueError as error:
            self.findings.complain_of_tag(tag, error)
            return
        if has_second:
            message = f"Of {clip(f'<lora:{tag.body}>')} the second weight was left out."
            self.findings.note(row.name, message)
        meaning = f"The LoRA {clip(item.value)}, {item.weight:g} strong"
        end = comma_of(tag, self.findings.line, self.line)
        self.canvas.paint(tag.start, end, TokenKind.VALUE, meaning)
        self._keep(row, (item,), Flag(tag.start, tag.start, tag.end, row.name))

    def _refuse_emptiness(self) -> None:
        message = "Empty prompt. Describe a picture, or put two links at the front to blend them."
        if self._front.images:
            message = "Empty prompt. One link alone is not enough: add words, or a second link."
        self.problems.append(Detail(start=0, end=len(self.line), message=message))

    # ------------------------------------------------------------------------------------- flags

    def _models_named(self, found: list[Flag]) -> frozenset[str]:
        """Return the models that the line asks for; old ones have longer scales."""
        named = set()
        for flag in found:
            row = self.vocabulary.find(flag.name)
            if row is not None and row.name == "version":
                first = next(words(self.line, flag.body, flag.end), None)
                named.add(first.text.removesuffix(".0") if first is not None else "")
            elif row is not None and row.is_legacy:
                named.add(row.name)
        return frozenset(named)

    def _read_flag(self, flag: Flag, tags: Sequence[LoraTag]) -> None:
        row = self.vocabulary.find(flag.name)
        if row is None:
            self.findings.complain_of_name(flag, self._models)
            return
        kind = TokenKind.NOTE if row.is_legacy else TokenKind.FLAG
        self.canvas.paint(flag.start, flag.body, kind, row.hint)
        if row.is_legacy:
            self.findings.note_legacy(row)
        if row.name == "repeat":
            self.repeats += _between(flag, tags)
        following = list(words(self.line, flag.body, flag.end))
        match row.arity:
            case Arity.NONE:
                self._read_bare(row, flag, following)
            case _ if not following:
                self._read_missing(row, flag)
            case Arity.WORD:
                self._read_word(row, flag, following)
            case Arity.REST:
                self._read_rest(row, flag, Word(following[0].start, following[-1].end, ""))
            case Arity.ITEMS:
                self._read_items(row, flag, following)

    def _read_bare(self, row: Parameter, flag: Flag, following: list[Word]) -> None:
        if following and following[0].text in row.tolerates:
            self._paint_value(row, following.pop(0))
        self._keep(row, True, flag)
        self._refuse_stray(flag, following, f"{flag.typed} takes no value. ")

    def _read_missing(self, row: Parameter, flag: Flag) -> None:
        if row.bare is None:
            message = f"{flag.typed} needs a value, such as {row.example}."
            suggestion = f"{flag.typed} {row.example}"
            self.findings.complain_of_flag(row, flag, message, suggestion=suggestion)
        else:
            self._keep(row, (read_item(row, row.bare),) if row.is_list else row.bare, flag)

    def _read_word(self, row: Parameter, flag: Flag, following: list[Word]) -> None:
        word, *stray = following
        self._paint_value(row, word)
        self._refuse_stray(flag, stray)
        try:
            value = read_word(row, word.text, self._models)
            if row.name == "workflow" and not row.is_of_workflow:
                self._check_workflow(row, flag, value)
            self._keep(row, value, flag)
        except BadValueError as error:
            self.findings.complain_of_value(row, flag, word, error)

    def _read_rest(self, row: Parameter, flag: Flag, span: Word) -> None:
        text = self.line[span.start : span.end]
        self._paint_value(row, span)
        if row.type is ValueType.LIST:
            refuse_links(self.findings, self.line, span.start, span.end, flag)
            self.findings.note_slips(text)
            phrases = read_phrases(text)
            if phrases:
                self._keep(row, phrases, flag)
            else:
                self._read_missing(row, flag)
            return
        try:
            name = tidy(text)
            self._keep(row, (read_item(row, name),) if row.is_list else read_word(row, name), flag)
        except BadValueError as error:
            word = Word(span.start, span.end, text)
            self.findings.complain_of_value(row, flag, word, error)

    def _read_items(self, row: Parameter, flag: Flag, following: list[Word]) -> None:
        items = []
        for word in following:
            self._paint_value(row, word)
            text = word.text.rstrip(",")
            if not text:
                continue
            try:
                item = read_item(row, text)
            except BadValueError as error:
                self.findings.complain_of_item(row, flag, word, error)
                continue
            items.append(item)
            value, _ = split_weight(text, row.weight_mark)
            if value != text:
                meaning = f"Weight {item.weight:g}: how much this one counts"
                start = word.start + len(value)
                self.canvas.paint(start, word.end, TokenKind.WEIGHT, meaning)
        if items:
            self._keep(row, tuple(items), flag)
        elif all(word.text.strip(",") == "" for word in following):
            self._read_missing(row, flag)

    def _check_workflow(self, row: Parameter, flag: Flag, value: Value) -> None:
        """Refuse a workflow that was not known before the line was: its flags were not either."""
        if row.name not in self._values and value != self.vocabulary.workflow:
            message = "--workflow stands outside of { } and wildcards: it decides about the flags."
            self.findings.complain_of_flag(row, flag, message)

    def _keep(self, row: Parameter, value: Value, flag: Flag) -> None:
        """Take a value: the first one counts, and lists add up."""
        old = self._values.get(row.name)
        first = self._typed.get(row.name)
        if (rival := self._rival(row)) is not None:
            self._refuse_rival(row, flag, rival)
        elif old is None or first is None:
            self._values[row.name] = value
            self._typed[row.name] = flag
        elif isinstance(old, tuple) and isinstance(value, tuple) and row.max_items != 1:
            self._values[row.name] = old + value  # type: ignore[operator]  # items of one kind
        elif old != value:
            message = f"{self._quote(flag)} was left out: {self._quote(first)} came first."
            self.findings.note(row.name, message)
        kept = value if row.max_items == 1 else self._values.get(row.name)
        if row.max_items and isinstance(kept, tuple) and len(kept) > row.max_items:
            message = f"{flag.typed} takes {row.range}."
            self.findings.complain_of_flag(row, flag, message)

    def _note_width(self) -> None:
        """Beside a height, an old ``--w`` was the width."""
        weird, height = self._typed.get("weird"), self._typed.get("height")
        if weird is not None and height is not None and weird.typed == "--w":
            self.findings.note("weird", "--w is --weird here. For a width, use --size.")

    def _rival(self, row: Parameter) -> Flag | None:
        """Return the flag before that leaves no room for this one."""
        for name, flag in self._typed.items():
            if name != row.name and row.is_rival(self.vocabulary.by_name[name]):
                return flag
        return None

    def _refuse_rival(self, row: Parameter, flag: Flag, rival: Flag) -> None:
        if row.type is ValueType.VERSION:
            message = f"{rival.typed} and {flag.typed} do not go together. Keep one of them."
            self.findings.complain_of_flag(row, flag, message)
        else:
            message = f"{flag.typed} was left out: {rival.typed} came first."
            self.findings.note(row.name, message)

    def _refuse_stray(self, flag: Flag, stray: list[Word], reason: str = "") -> None:
        if not stray:
            return
        self._has_stray = True
        start, end = stray[0].start, stray[-1].end
        text = self.line[start:end]
        moved = f"Move “{clip(tidy(text))}” to the front."
        message = f"{reason or 'Text must stand before the flags. '}{moved}"
        if read_link(stray[0].text) is not None:
            message = MISPLACED_LINK
        self.findings.complain(start, end, message, flag=flag, value=text)

    # ----------------------------------------------------------------------------------- helpers

    def _paint_value(self, row: Parameter, word: Word) -> None:
        kind = TokenKind.NOTE if row.is_legacy else TokenKind.VALUE
        self.canvas.paint(word.start, word.end, kind, f"{row.hint} ({row.range})")

    def _quote(self, flag: Flag) -> str:
        return clip(tidy(f"{flag.typed} {self.line[flag.body : flag.end]}"))


def _between(flag: Flag, tags: Sequence[LoraTag]) -> list[tuple[int, int]]:
    """Return the spans of a flag that are not within a tag."""
    spans, start = [], flag.start
    for tag in tags:
        if flag.start <= tag.start < flag.end:
            spans.append((start, tag.start))
            start = tag.end
    return [*spans, (start, flag.end)]
