"""How long a job is left to an engine that is out of reach, when another one could make it. Pure.

While no other can, it is left there in any case: the engine may come back, and know it.
"""

# Nobody listens at its address any more. What had begun there may still be on a host that restarts
# its network, so it is not given up at once.
REFUSED_S = 20.0
# It says nothing. A busy ComfyUI does that too, for a minute, while it loads a large model.
SILENT_S = 120.0
# As far as is known, it had not begun the job.
UNBEGUN_S = 10.0
# So often the clock is looked at while there are jobs.
TICK_S = 1.0


def is_given_up(out_s: float, *, is_refused: bool, has_begun: bool) -> bool:
    """Say whether another engine should make a job. Units: ``out_s`` seconds out of reach."""
    if not has_begun:
        return is_refused or out_s >= UNBEGUN_S
    return is_gone(out_s, is_refused=is_refused)


def is_gone(out_s: float, *, is_refused: bool) -> bool:
    """Say whether an engine is no longer waited for."""
    return out_s >= (REFUSED_S if is_refused else SILENT_S)
