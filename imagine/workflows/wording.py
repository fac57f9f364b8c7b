"""Words to conditioning: parts with their weights, mixed towards other words, guided by pictures.

Each part is encoded by itself and weighed; ComfyUI then averages what the model predicts for each,
by those weights. A mix moves a part towards the same part with more words behind it: it averages
the two encodings, or, where a family's encodings cannot be averaged, the two predictions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from imagine.graph import Graph, Output
from imagine.image_request import ImageRequest, Mix, Part

# The greatest weight becomes a strength of 1; one below this would not count at all.
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Words:
    """The prompt and what is to be left out, as conditioning."""

    positive: Output
    negative: Output


class _Voice(NamedTuple):
    """One encoding, and how much it counts."""

    words: Output
    weight: float


@dataclass(slots=True)
class Writer:
    """Encodes the words of a request, shared parts once.

    ``is_apart``: mixes are averaged as predictions. ``encoder`` turns a text into conditioning;
    ``guides`` change the conditioning of the prompt when all its parts are combined, and
    ``negative_guides`` that of what is to be left out. They are set before the first words are
    asked for.
    """

    graph: Graph
    request: ImageRequest
    is_apart: bool = False
    encoder: Callable[[Output, str, str], Output] | None = None
    guides: list[Callable[[Output], Output]] = field(default_factory=list)
    negative_guides: list[Callable[[Output], Output]] = field(default_factory=list)
    _parts: list[list[_Voice]] = field(default_factory=list)
    _shared: Words | None = None
    _negative: Output | None = None

    def shared(self, clip: Output) -> Words:
        """Return the words of all pictures that have no words of their own."""
        if self._shared is None:
            self._shared = self._words(clip, self._plain(clip), "")
        return self._shared

    def varied(self, clip: Output, mix: Mix, name: str) -> Words:
        """Return the words of one picture, moved towards a mix of its own."""
        parts = [
            self._mixed(clip, voices, part, mix, f"{name}: ")
            for voices, part in zip(self._plain(clip), self.request.positive, strict=True)
        ]
        return self._words(clip, parts, f"{name}: ")

    def _plain(self, clip: Output) -> list[list[_Voice]]:
        """Return the parts with the mixes that all pictures have."""
        if not self._parts:
            for number, part in enumerate(self.request.positive, start=1):
                title = _title("Prompt", number, self.request)
                voices = [_Voice(self._encode(clip, part.text, title), part.weight)]
                for mix in self.request.mixes:
                    voices = self._mixed(clip, voices, part, mix, "")
                self._parts.append(voices)
        return self._parts

    def _mixed(
        self, clip: Output, voices: list[_Voice], part: Part, mix: Mix, name: str
    ) -> list[_Voice]:
        """Move the voices of a part towards a mix."""
        if mix.share <= 0:
            return voices
        words = f"{part.text}, {mix.words}" if part.text else mix.words
        other = self._encode(clip, words, f"{name}Words")
        if self.is_apart:
            softer = [_Voice(voice.words, voice.weight * (1 - mix.share)) for voice in voices]
            return [*softer, _Voice(other, part.weight * mix.share)]
        (plain,) = voices
        return [
            _Voice(self.graph.mix_words(plain.words, other, mix.share, f"{name}Mix"), plain.weight)
        ]

    def _words(self, clip: Output, parts: list[list[_Voice]], name: str) -> Words:
        positive = self._combined([voice for part in parts for voice in part], f"{name}Part")
        if self._negative is None:
            self._negative = self._left_out(clip, positive)
        if self.request.guidance is not None:
            positive = self.graph.flux_guidance(positive, self.request.guidance)
        for guide in self.guides:
            positive = guide(positive)
        return Words(positive, self._negative)

    def _left_out(self, clip: Output, positive: Output) -> Output:
        if self.request.negative is None:
            return self.graph.zero_out(positive)
        voices = [
            _Voice(self._encode(clip, part.text, "Negative prompt"), part.weight)
            for part in self.request.negative
        ]
        negative = self._combined(voices, "Negative part")
        for guide in self.negative_guides:
            negative = guide(negative)
        return negative

    def _combined(self, voices: list[_Voice], title: str) -> Output:
        if len(voices) == 1:
            return voices[0].words
        most = max(voice.weight for voice in voices)
        whole, *others = (
            self.graph.weigh(words, max(_LEAST, round(weight / most, 2)), f"{title} {number}")
            for number, (words, weight) in enumerate(voices, start=1)
        )
        for other in others:
            whole = self.graph.combine(whole, other)
        return whole

    def _encode(self, clip: Output, text: str, title: str) -> Output:
        if self.encoder is not None:
            return self.encoder(clip, text, title)
        return self.graph.encode(clip, text, title)


def _title(word: str, number: int, request: ImageRequest) -> str:
    return word if len(request.positive) == 1 else f"{word} {number}"
