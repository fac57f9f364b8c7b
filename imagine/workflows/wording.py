"""Words to conditioning: parts with their weights, mixed towards other words, guided by pictures.

Each part is encoded by itself and weighed; ComfyUI then averages what the model predicts for each,
by those weights. A mix moves a part towards the same part with more words behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from imagine.graph import Graph, Output
from imagine.image_request import ImageRequest, Mix, Part

# The greatest strength of a part is this; the others are weighed against it. Less does not count.
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Words:
    """The prompt and what is to be left out, as conditioning."""

    positive: Output
    negative: Output


@dataclass(slots=True)
class Writer:
    """Encodes the words of a request, shared parts once.

    ``encoder`` turns a text into conditioning; ``guides`` change the conditioning of the prompt
    when all its parts are combined. Both are set before the first words are asked for.
    """

    graph: Graph
    request: ImageRequest
    encoder: Callable[[Output, str, str], Output] | None = None
    guides: list[Callable[[Output], Output]] = field(default_factory=list)
    _parts: list[Output] = field(default_factory=list)
    _shared: Words | None = None
    _negative: Output | None = None

    def shared(self, clip: Output) -> Words:
        """Return the words of all pictures that have no words of their own."""
        if self._shared is None:
            self._shared = self._words(clip, self._plain(clip), "")
        return self._shared

    def varied(self, clip: Output, mix: Mix, name: str) -> Words:
        """Return the words of one picture, moved towards a mix of its own."""
        plain = self._plain(clip)
        parts = [
            self._mixed(clip, output, part.text, mix, f"{name}: ")
            for output, part in zip(plain, self.request.positive, strict=True)
        ]
        return self._words(clip, parts, f"{name}: ")

    def _plain(self, clip: Output) -> list[Output]:
        """Return the parts with the mixes that all pictures have."""
        if not self._parts:
            for number, part in enumerate(self.request.positive, start=1):
                output = self._encode(clip, part.text, _title("Prompt", number, self.request))
                for mix in self.request.mixes:
                    output = self._mixed(clip, output, part.text, mix, "")
                self._parts.append(output)
        return self._parts

    def _mixed(self, clip: Output, plain: Output, text: str, mix: Mix, name: str) -> Output:
        if mix.share <= 0:
            return plain
        words = f"{text}, {mix.words}" if text else mix.words
        other = self._encode(clip, words, f"{name}Words")
        return self.graph.mix_words(plain, other, mix.share, f"{name}Mix")

    def _words(self, clip: Output, parts: list[Output], name: str) -> Words:
        positive = self._combined(parts, self.request.positive, f"{name}Part")
        if self._negative is None:
            self._negative = self._left_out(clip, positive)
        if self.request.guidance is not None:
            positive = self.graph.flux_guidance(positive, self.request.guidance)
        for guide in self.guides:
            positive = guide(positive)
        return Words(positive, self._negative)

    def _left_out(self, clip: Output, positive: Output) -> Output:
        negative = self.request.negative
        if negative is None:
            return self.graph.zero_out(positive)
        parts = [self.graph.encode(clip, part.text, "Negative prompt") for part in negative]
        return self._combined(parts, negative, "Negative part")

    def _combined(self, outputs: list[Output], parts: tuple[Part, ...], title: str) -> Output:
        if len(outputs) == 1:
            return outputs[0]
        most = max(part.weight for part in parts)
        weighed = [
            self.graph.weigh(output, max(_LEAST, round(part.weight / most, 2)), f"{title} {number}")
            for number, (output, part) in enumerate(zip(outputs, parts, strict=True), start=1)
        ]
        whole, *others = weighed
        for other in others:
            whole = self.graph.combine(whole, other)
        return whole

    def _encode(self, clip: Output, text: str, title: str) -> Output:
        if self.encoder is not None:
            return self.encoder(clip, text, title)
        return self.graph.encode(clip, text, title)


def _title(word: str, number: int, request: ImageRequest) -> str:
    return word if len(request.positive) == 1 else f"{word} {number}"
