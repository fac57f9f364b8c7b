"""Words: encoding them, weighing them against each other, mixing one wording into another."""

from imagine.graph.base import Nodes, Output


class WordNodes(Nodes):
    """Nodes that make and change conditioning."""

    def encode(self, clip: Output, text: str, title: str) -> Output:
        return Output(self.add("CLIPTextEncode", title, text=text, clip=clip))

    def encode_told(self, clip: Output, system_prompt: str, text: str, title: str) -> Output:
        """Encode words behind a sentence that tells the text encoder of Lumina 2 what it is for."""
        node = self.add(
            "CLIPTextEncodeLumina2",
            title,
            system_prompt=system_prompt,
            user_prompt=text,
            clip=clip,
        )
        return Output(node)

    def zero_out(self, conditioning: Output) -> Output:
        """Return the empty conditioning that models without a negative prompt are given."""
        node = self.add("ConditioningZeroOut", "No negative prompt", conditioning=conditioning)
        return Output(node)

    def flux_guidance(self, conditioning: Output, guidance: float) -> Output:
        node = self.add("FluxGuidance", "Guidance", conditioning=conditioning, guidance=guidance)
        return Output(node)

    def mix_words(self, plain: Output, other: Output, share: float, title: str) -> Output:
        """Move one wording towards another. ``share``: 0–1 of the other.

        ComfyUI cuts the conditioning it starts from to the length of the one it goes to, so the
        longer wording has to be ``other``.
        """
        node = self.add(
            "ConditioningAverage",
            title,
            conditioning_to=other,
            conditioning_from=plain,
            conditioning_to_strength=share,
        )
        return Output(node)

    def weigh(self, conditioning: Output, strength: float, title: str) -> Output:
        """Set how much a part counts against the others. ``strength``: 0–10."""
        node = self.add(
            "ConditioningSetAreaStrength", title, conditioning=conditioning, strength=strength
        )
        return Output(node)

    def combine(self, one: Output, other: Output) -> Output:
        """Let both guide the sampler, which averages what they predict by their strengths."""
        node = self.add(
            "ConditioningCombine", "All parts", conditioning_1=one, conditioning_2=other
        )
        return Output(node)
