"""Effects by urgency: what acts at once, what waits how long, and what is refused."""

from hypothesis import given
from hypothesis import strategies as st

from contract.ids import MemberId, ReaderId
from contract.records import ReleaseCause, RelockCause
from edge.core.effects import Effect, Feedback, ReaderFeedback, ReleaseLock, SecureLock, Stop
from edge.runtime.actuation import BUDGET_MS, MAX_WAITING, REFUSE_AFTER_MS, Actuation, Verdict

BY_CARD = ReleaseLock(ReleaseCause.CARD, MemberId("m"))
BY_COMMAND = ReleaseLock(ReleaseCause.COMMAND, command_id="c")
BY_EXIT = ReleaseLock(ReleaseCause.EXIT)
SECURE = SecureLock(RelockCause.TIMED_OUT)
STOP = Stop("command", "c")
GREEN = ReaderFeedback(ReaderId("r"), Feedback.GRANTED)


def step(actuation: Actuation, effects: tuple[Effect, ...], ticket: int | None, now_ms: int = 0) -> list[Verdict]:
    """As the controller does: what acts at once, then the rest."""
    return [actuation.at_once(effects), actuation.take(effects, ticket, now_ms)]


def done(verdicts: list[Verdict]) -> list[Effect]:
    return [effect for verdict in verdicts for effect in verdict.do]


def refused(verdicts: list[Verdict]) -> list[tuple[Effect, str]]:
    return [pair for verdict in verdicts for pair in verdict.refuse]


def test_what_acts_at_once_waits_for_no_commit() -> None:
    assert done(step(Actuation(), (BY_EXIT, GREEN), 1)) == [BY_EXIT, GREEN]


def test_a_release_by_card_waits_for_its_commit() -> None:
    actuation = Actuation()
    assert done(step(actuation, (BY_CARD,), 7)) == []
    assert actuation.committed(6).do == ()
    assert actuation.committed(7).do == (BY_CARD,)
    assert actuation.deadline_ms() is None


def test_a_release_by_card_acts_after_its_budget_all_the_same() -> None:
    actuation = Actuation()
    step(actuation, (BY_CARD,), 7, now_ms=100)
    assert actuation.deadline_ms() == 100 + BUDGET_MS
    assert actuation.due(100 + BUDGET_MS - 1).do == ()
    assert actuation.due(100 + BUDGET_MS).do == (BY_CARD,)
    assert actuation.committed(7).do == ()


def test_a_command_is_refused_when_no_commit_comes() -> None:
    actuation = Actuation()
    step(actuation, (BY_COMMAND,), 7)
    assert actuation.due(BUDGET_MS) == Verdict()
    assert actuation.due(REFUSE_AFTER_MS) == Verdict(refuse=((BY_COMMAND, "storage_unavailable"),))
    assert actuation.committed(7) == Verdict()


def test_failed_storage_refuses_commands_and_lets_people_in() -> None:
    actuation = Actuation()
    step(actuation, (BY_COMMAND,), 1)
    step(actuation, (BY_CARD,), 2)
    assert actuation.failed() == Verdict(refuse=((BY_COMMAND, "storage_unavailable"),))
    assert refused(step(actuation, (STOP,), 3)) == [(STOP, "storage_unavailable")]
    assert actuation.due(BUDGET_MS).do == (BY_CARD,)
    actuation.committed(2)
    assert refused(step(actuation, (STOP,), 4)) == []


def test_a_command_whose_record_found_no_room_is_refused_and_a_card_is_not() -> None:
    actuation = Actuation()
    verdicts = step(actuation, (BY_CARD, STOP), None)
    assert (done(verdicts), refused(verdicts)) == ([BY_CARD], [(STOP, "storage_unavailable")])


def test_a_command_whose_record_was_refused_is_not_carried_out_by_later_commits() -> None:
    actuation = Actuation()
    step(actuation, (BY_COMMAND,), 1)
    step(actuation, (STOP,), 2)
    verdict = actuation.committed(2, frozenset({1}))
    assert verdict == Verdict((STOP,), ((BY_COMMAND, "storage_unavailable"),))


def test_securing_cancels_a_waiting_release_and_answers_its_command() -> None:
    actuation = Actuation()
    step(actuation, (BY_CARD,), 1)
    step(actuation, (BY_COMMAND,), 2)
    verdicts = step(actuation, (SECURE,), 3)
    assert (done(verdicts), refused(verdicts)) == ([SECURE], [(BY_COMMAND, "overtaken")])
    assert actuation.committed(3) == Verdict()


def test_a_release_that_its_own_step_takes_back_never_happens() -> None:
    actuation = Actuation()
    assert done(step(actuation, (BY_CARD, SECURE), 1)) == [SECURE]
    assert actuation.committed(1) == Verdict()


def test_a_release_behind_a_securing_in_one_step_happens() -> None:
    actuation = Actuation()
    assert done(step(actuation, (SECURE, BY_CARD), 1)) == [SECURE]
    assert actuation.committed(1).do == (BY_CARD,)


def test_what_waits_is_bounded() -> None:
    actuation = Actuation()
    for ticket in range(MAX_WAITING):
        step(actuation, (BY_CARD,), ticket)
    assert refused(step(actuation, (BY_CARD,), MAX_WAITING)) == [(BY_CARD, "overloaded")]
    assert len(actuation.committed(MAX_WAITING).do) == MAX_WAITING


class Shell:
    """An actuation under random use. Every release carries the number of its step, so that an old one shows."""

    def __init__(self) -> None:
        self.actuation = Actuation()
        self.now_ms = 0
        self.steps = 0
        self.secured_at = -1
        self.tickets = 0

    def obey(self, verdict: Verdict) -> None:
        for effect in verdict.do:
            if isinstance(effect, SecureLock):
                self.secured_at = self.steps
            elif isinstance(effect, ReleaseLock) and effect.member is not None:
                assert int(effect.member) >= self.secured_at, "a release older than the securing was carried out"

    def step(self, causes: list[ReleaseCause | None], commits: bool) -> None:
        self.steps += 1
        effects: list[Effect] = []
        last_secure = max((index for index, cause in enumerate(causes) if cause is None), default=-1)
        for index, cause in enumerate(causes):
            # Before the step's last securing: as old as the step before, and to be seen by nobody afterwards.
            number = self.steps if index > last_secure else self.steps - 1
            effects.append(SECURE if cause is None else ReleaseLock(cause, MemberId(str(number))))
        self.tickets += commits
        self.obey(self.actuation.at_once(tuple(effects)))
        self.obey(self.actuation.take(tuple(effects), self.tickets if commits else None, self.now_ms))


CAUSES = st.one_of(st.none(), st.sampled_from([ReleaseCause.CARD, ReleaseCause.COMMAND, ReleaseCause.FACE]))
ACTS = st.one_of(
    st.tuples(st.just("step"), st.lists(CAUSES, min_size=1, max_size=4), st.booleans()),
    st.tuples(st.just("commit"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("wait"), st.integers(0, 60), st.booleans()),
    st.tuples(st.just("fail"), st.just(0), st.booleans()),
)


@given(st.lists(ACTS, max_size=40))
def test_a_securing_is_never_followed_by_an_older_release(acts: list[tuple[str, object, bool]]) -> None:
    shell = Shell()
    for act, argument, flag in acts:
        if act == "step":
            assert isinstance(argument, list)
            shell.step(argument, flag)
        elif act == "commit":
            assert isinstance(argument, int)
            shell.obey(shell.actuation.committed(max(0, shell.tickets - argument)))
        elif act == "wait":
            assert isinstance(argument, int)
            shell.now_ms += argument
            shell.obey(shell.actuation.due(shell.now_ms))
        else:
            shell.obey(shell.actuation.failed())
