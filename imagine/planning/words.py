"""What the words say: parts and their weights, what is left out, looks, and how pictures differ."""

from collections.abc import Iterator

from imagine import looks
from imagine.chance import lot
from imagine.image_request import Mix, Part, Variety
from imagine.planning.desk import Desk
from imagine.prompt_values import Weighted, read_link

# The share of the words at the far end of each flag; see the curves below.
MOST_STYLIZE = 0.55
MOST_PLAIN = 0.35
MOST_WEIRD = 0.6
MOST_EXP = 0.5
MOST_CHAOS = 0.6
MOST_STYLE = 0.85
NIJI = 0.6
# --sw 100, the usual, moves the words so far towards a style.
STYLE = 0.45
# How much the cfg of a picture may differ at --chaos 100.
CHAOS_CFG = 0.4
# The parts that are left out count in full when they weigh so much of the others, as --no does.
NO = 0.5
# --exp above this turns down --stylize.
LOUD_EXP = 50


def positive(desk: Desk) -> tuple[Part, ...]:
    parts = [segment for segment in desk.prompt.segments if segment.weight > 0]
    if len(parts) > 1:
        shares = ", ".join(f"{100 * p.weight / sum(q.weight for q in parts):.0f} %" for p in parts)
        desk.tell(
            None, f"The {len(parts)} parts of the prompt count {shares}; each takes its time."
        )
    return tuple(Part(part.text, part.weight) for part in parts) or (Part(""),)


def negative(desk: Desk, cfg: float) -> tuple[Part, ...] | None:
    """Return what is to be left out; None when the model is run without it.

    Parts that weigh less than they might are held against an empty one, which takes the rest.
    """
    phrases = ", ".join(str(phrase) for phrase in desk.items("no"))
    parts = [Part(s.text, -s.weight) for s in desk.prompt.segments if s.weight < 0]
    if cfg > 1:
        full = NO * sum(s.weight for s in desk.prompt.segments if s.weight > 0) or 1.0
        said = [Part(phrases, full), *parts] if phrases else parts
        rest = full - sum(part.weight for part in said)
        return (*said, Part("", rest)) if rest > 0.01 * full else tuple(said)
    reason = f"at cfg {cfg:g} this model takes no negative prompt; --cfg above 1 brings it back"
    if phrases:
        desk.leave_out("no", reason)
    if parts:
        desk.tell(None, f"The parts with negative weights were left out: {reason}.")
    return None


# --- looks


def mixes(desk: Desk) -> tuple[Mix, ...]:
    """Return the words towards which the whole set is moved, and say how far."""
    return (*_house(desk), *_detail(desk), *_odd(desk), *_anime(desk), *_styles(desk))


def _house(desk: Desk) -> Iterator[Mix]:
    typed = desk.number("stylize", 100)
    # The scale of the first versions, whose usual value was 2500.
    value = min(1000.0, typed / 25) if typed > 1000 else typed
    if desk.flag("raw"):
        desk.tell("raw", "--raw: no house look is added.")
        if value > 100:
            desk.leave_out("stylize", "--raw leaves out the house look")
            return
    if value == 100:
        return
    if value > 100:
        share = MOST_STYLIZE * ((value - 100) / 900) ** 0.6
        share *= 1 - max(0.0, desk.number("exp", 0) - LOUD_EXP) / LOUD_EXP
        words, where = looks.HOUSE, "the house look"
    else:
        share = MOST_PLAIN * (100 - value) / 100
        words, where = looks.PLAIN, "a plain picture"
    yield from _mix(desk, "stylize", f"--stylize {typed:g}", words, share, where)


def _detail(desk: Desk) -> Iterator[Mix]:
    value = desk.number("exp", 0)
    if value > 0:
        share = MOST_EXP * value / 100
        yield from _mix(desk, "exp", f"--exp {value:g}", looks.DETAIL, share, "detail and contrast")


def _odd(desk: Desk) -> Iterator[Mix]:
    value = desk.number("weird", 0)
    if value > 0:
        share = MOST_WEIRD * (value / 3000) ** 0.7
        words = looks.odd(desk.seed)
        yield from _mix(desk, "weird", f"--weird {value:g}", words, share, "something odd")


def _anime(desk: Desk) -> Iterator[Mix]:
    style = desk.text("style")
    niji = desk.text("niji")
    if style in looks.NAMED:
        yield from _mix(desk, "style", f"--style {style}", looks.NAMED[style], NIJI, "that look")
    if niji is not None and "niji" not in desk.honoured | desk.dismissed:
        name = f"--niji {niji}"
        yield from _mix(desk, "niji", name, looks.ANIME, NIJI, "anime: no model is set for it")


def _styles(desk: Desk) -> Iterator[Mix]:
    """Turn style codes into words, by their weights and --sw."""
    listed = [item for item in desk.items("sref") if isinstance(item, Weighted)]
    codes = [item for item in listed if read_link(item.value) is None]
    total = sum(item.weight for item in listed)
    if not codes or total <= 0:
        return
    strength = min(MOST_STYLE, STYLE * (desk.number("sw", 100) / 100) ** 0.5)
    desk.honoured.add("sw")
    for code in codes:
        share = strength * code.weight / total
        words = looks.style(code.value)
        # Only a prompt that is explained before it is made still has one that is not drawn.
        where = "a style that is drawn for each set" if code.value == "random" else f"“{words}”"
        yield from _mix(desk, "sref", f"--sref {code.value}", words, share, where)


def _mix(desk: Desk, name: str, flag: str, words: str, share: float, where: str) -> Iterator[Mix]:
    """Yield the words, and say how far the prompt goes towards them, if it does."""
    share = round(share, 2)
    if share == 0:
        desk.tell(name, f"{flag} changes nothing beside the other flags.")
        return
    desk.tell(name, f"{flag} is approximated: the words go {share:.0%} towards {where}.")
    yield Mix(words, share)


# --- how the pictures of a set differ


def variety(desk: Desk, cfg: float, count: int) -> tuple[Variety, ...]:
    """Return what sets each picture apart; nothing without --chaos."""
    chaos = desk.number("chaos", 0)
    if chaos == 0:
        return ()
    if desk.is_enlarged:
        desk.leave_out("chaos", "one picture is made larger as it is")
        return ()
    share = round(MOST_CHAOS * chaos / 100, 2)
    desk.tell(
        "chaos",
        f"--chaos {chaos:g} is approximated: each picture goes {share:.0%} towards words of its "
        "own" + (", and follows the prompt more or less closely." if cfg > 1 else "."),
    )
    words = looks.variety(desk.seed, count)
    return tuple(
        Variety(Mix(words[place], share), _own_cfg(desk.seed, place, cfg, chaos))
        for place in range(count)
    )


def _own_cfg(seed: int, place: int, cfg: float, chaos: float) -> float:
    """Return the cfg of one picture: more often lower, as high chaos follows the text less."""
    if cfg <= 1:
        return cfg
    drift = (lot("cfg", seed, place) * 1.5 - 1) * CHAOS_CFG * chaos / 100
    return round(max(1.0, cfg * (1 + drift)), 2)


def rescale_cfg(desk: Desk, cfg: float) -> float | None:
    """Return how far --exp keeps light and dark from burning out, where there is a cfg.

    The node reckons with the noise of Stable Diffusion, whose latents have four channels; the
    models that came after it follow a flow.
    """
    value = desk.number("exp", 0)
    is_flow = desk.profile.latent != "EmptyLatentImage"
    if value == 0 or cfg <= 1 or is_flow or not desk.has("RescaleCFG"):
        return None
    return round(0.7 * value / 100, 2)
