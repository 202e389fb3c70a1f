"""What happens to the controller as a whole: the power goes, the process dies, stops in order, or stands still."""

from typing import TYPE_CHECKING

from edge.core import events
from proof.acts import Act

if TYPE_CHECKING:
    from proof.life import Life

RESTART_MS = 3_000


class Power:
    """Mains and process. A run that ends is begun again, once, by whatever ended it."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self._after_commits = self._after_effects = 0

    # ------------------------------------------------ mains

    def cut(self, down_ms: int) -> None:
        life = self._life
        if life.shell.up:
            life.shell.end(in_order=False)
            life.world.set_mains(False)
            life.timeline.after(down_ms, self._back, life.shell.run)

    def _back(self, run: int) -> None:
        life = self._life
        if run == life.shell.run and not life.shell.up:
            life.world.set_mains(True)
            life.shell.power_came()
            life.shell.start()

    def arm_commit(self, act: Act) -> None:
        self._after_commits = act.who

    def arm_effect(self, act: Act) -> None:
        self._after_effects = act.who

    def disarm(self) -> None:
        self._after_commits = self._after_effects = 0

    def goes_with_commit(self) -> bool:
        """Whether the power goes with this commit."""
        if self._after_commits:
            self._after_commits -= 1
            if not self._after_commits:
                self.cut(self._life.draw(60_000))
                return True
        return False

    def effect_was_carried_out(self) -> None:
        if self._after_effects:
            self._after_effects -= 1
            if not self._after_effects:
                self.cut(self._life.draw(60_000))

    # ------------------------------------------------ the process

    def crash(self, down_ms: int) -> None:
        life = self._life
        if life.shell.up:
            life.shell.end(in_order=False)
            life.timeline.after(down_ms, self.process_back, life.shell.run)

    def process_back(self, run: int) -> None:
        life = self._life
        if run == life.shell.run and not life.shell.up and life.world.lock.inputs.mains:
            life.shell.start()

    def stop_in_order(self, run: int) -> None:
        shell = self._life.shell
        if shell.up and shell.run == run and not shell.stalled:
            shell.tell(events.StopRequested("update"))
            if shell.up:
                shell.end(in_order=True)
                self._life.timeline.after(RESTART_MS, self.process_back, run)

    def stall(self, for_ms: int) -> None:
        shell = self._life.shell
        if shell.up and not shell.stalled:
            shell.stall(True)
            self._life.energy.unclear_ms += for_ms
            self._life.timeline.after(for_ms, self._run_on, shell.run)

    def _run_on(self, run: int) -> None:
        shell = self._life.shell
        if run == shell.run and shell.up:
            shell.stall(False)
