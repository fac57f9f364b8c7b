"""An engine that fails everything gets less and less to fail, and is tried again."""

from imagine.breaker import FIRST_S, LONGEST_S, OPENS_AFTER, Breaker


def failing(times: int, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.fail(now, "It answers with 500.")
    return breaker


def test_single_failures_are_forgiven():
    breaker = failing(OPENS_AFTER - 1)
    assert breaker.allows(0.0)
    breaker.succeed()
    breaker.fail(0.0, "It answers with 500.")
    assert breaker.allows(0.0)


def test_an_engine_that_fails_again_and_again_gets_nothing_for_a_while():
    breaker = failing(OPENS_AFTER)
    assert not breaker.allows(FIRST_S - 0.1)
    assert breaker.wait_s(1.0) == FIRST_S - 1
    assert breaker.reason == "It answers with 500."
    assert breaker.allows(FIRST_S)


def test_after_that_one_job_is_tried_and_no_second_beside_it():
    breaker = failing(OPENS_AFTER)
    breaker.begin()
    assert not breaker.allows(FIRST_S)
    breaker.end_untried()
    assert breaker.allows(FIRST_S)
    breaker.begin()
    breaker.succeed()
    assert not breaker.is_open
    assert breaker.allows(FIRST_S)


def test_the_pause_grows_up_to_a_bound():
    breaker, now, pauses = failing(OPENS_AFTER), 0.0, []
    for _ in range(7):
        pauses.append(breaker.wait_s(now))
        now += pauses[-1]
        breaker.begin()
        breaker.fail(now, "It answers with 500.")
    assert pauses == [5, 10, 20, 40, 60, 60, 60]
    assert pauses[-1] == LONGEST_S


def test_what_it_was_given_before_does_not_make_the_pause_longer():
    breaker = failing(OPENS_AFTER)
    breaker.fail(1.0, "It answers with 500.")
    assert breaker.wait_s(0.0) == FIRST_S
