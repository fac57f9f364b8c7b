"""When an engine that answers, but fails every graph it is given, gets the next one. Pure.

It gets none for a while that grows, then one on trial: a job that it takes closes the breaker
again. So the others make its jobs meanwhile, and none is handed to it again and again in a loop.
"""

# It is given so many chances in a row. Units: seconds.
OPENS_AFTER = 3
FIRST_S = 5.0
LONGEST_S = 60.0


class Breaker:
    """Of one engine. Units: ``now`` in monotonic seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0
        self._on_trial = False
        # What went wrong last, as a sentence.
        self.reason = ""

    @property
    def is_open(self) -> bool:
        return self._failures >= OPENS_AFTER

    def allows(self, now: float) -> bool:
        """May the engine be given a job?"""
        return not self.is_open or (now >= self._until and not self._on_trial)

    def wait_s(self, now: float) -> float:
        """Return in how many seconds it is tried again."""
        return max(0.0, self._until - now)

    def begin(self) -> None:
        """It is given a job; if it failed before, on trial."""
        self._on_trial = self.is_open

    def end_untried(self) -> None:
        """The job did not come so far that the engine could fail."""
        self._on_trial = False

    def succeed(self) -> None:
        """It took a job."""
        self._failures = 0
        self._on_trial = False

    def fail(self, now: float, reason: str) -> None:
        """It failed to take a job."""
        self.reason = reason
        self._on_trial = False
        if self.is_open and now < self._until:
            return  # of a job that it was given before
        self._failures += 1
        if self.is_open:
            pause_s = FIRST_S * 2 ** min(self._failures - OPENS_AFTER, 16)
            self._until = now + min(pause_s, LONGEST_S)
