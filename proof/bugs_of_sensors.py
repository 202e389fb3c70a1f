"""More seeded bugs: in what numbers, sensors, plans, loads and alarms are judged by."""

from typing import Final

from proof.bugs_of_the_door import Mutant

OF_NUMBERS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "locked-out-numbers-checked", "edge.core.pins",
        "if turn.durable.pins.is_locked(reader, member, turn.mono_ms):", "if False:",
        "whoever guesses learns in the lock-out whether the number was right",
    ),
    Mutant(
        "eight-tries", "edge.core.pin_state", "TRIES: Final = 5\n", "TRIES: Final = 8\n",
        "three tries more than there should be",
    ),
    Mutant(
        "wrong-number-opens", "contract.policy.decide",
        'return "not the number of this card" if request.number_wrong else None', "return None",
        "any number goes with any card",
    ),
    Mutant(
        "one-factor-is-enough", "contract.policy.decide",
        "FACTORS_OF_TWO_FACTOR: Final = 2", "FACTORS_OF_TWO_FACTOR: Final = 1",
        "the card alone opens where a number is wanted too",
    ),
    Mutant(
        "duress-unheard", "edge.core.pins",
        "duress=verdict is PinVerdict.DURESS,", "duress=False,",
        "the number that calls for help only opens",
    ),
    Mutant(
        "duress-forgotten", "edge.core.pin_state",
        "    if record.duress:\n", "    if False:\n",
        "a call for help is recorded and is no alarm",
    ),
    Mutant(
        "pass-enters-twice", "contract.policy.decide",
        "_member(request).once and request.pass_used", "False",
        "a pass for one entry is good for many",
    ),
    Mutant(
        "comes-in-twice", "contract.policy.decide",
        "request.antipassback is not Antipassback.HARD or not came_back(request)", "True",
        "a card handed back through the window lets the next one in",
    ),
    Mutant(
        "never-leaves", "edge.core.fold",
        "if record.direction is Direction.OUT:\n        return others", "if False:\n        return others",
        "whoever has left by the reader is still inside, and cannot come in again",
    ),
    Mutant(
        "plan-ignored", "edge.core.postures",
        "if window is None or window.posture is None:", "if window is None or window.posture is not None:",
        "public hours are planned and nobody opens",
    ),
    Mutant(
        "plan-ends-at-midnight", "contract.policy.schedule",
        "return self.past_midnight and minute < self.end_minute", "return False",
        "the night's second half is no night",
    ),
)  # fmt: skip

OF_PEOPLE: Final[tuple[Mutant, ...]] = (
    Mutant(
        "nobody-passes", "edge.core.beams",
        "BeamInput.FAR_FREE: BeamStep(Place.FREE, (BeamFact.PASSED,)),", "BeamInput.FAR_FREE: BeamStep(Place.FREE),",
        "the beams see everybody and count nobody",
    ),
    Mutant(
        "everybody-comes-in", "edge.core.doorway",
        "(1 if now.inward else -1)", "1",
        "whoever leaves is counted as one more",
    ),
    Mutant(
        "turning-round-counts", "edge.core.beams",
        "BeamInput.FAR_FREE: BeamStep(Place.NEAR),", "BeamInput.FAR_FREE: BeamStep(Place.NEAR, (BeamFact.PASSED,)),",
        "whoever turns round in the door way is inside",
    ),
    Mutant(
        "never-empty", "edge.core.presence",
        "wrong = counted.people > 0 or (not counted.sure and turn.inputs.contact_open is False)", "wrong = False",
        "a count that is wrong stays wrong over the empty night",
    ),
    Mutant(
        "never-asked", "edge.core.welfare",
        "limit_ms = night_ms if _is_night(turn) else day_ms", "limit_ms = 20 * night_ms",
        "whoever cannot get up lies there until the morning",
    ),
    Mutant(
        "asked-after-moving", "edge.core.welfare",
        '_well(turn, "motion")', "pass",
        "whoever has just moved about is asked whether all is well",
    ),
    Mutant(
        "nobody-comes", "edge.core.welfare",
        "_set(turn, answer_due_at_ms=None, unanswered=True)", "_set(turn, answer_due_at_ms=None, unanswered=False)",
        "nobody answers, and nobody is called",
    ),
    Mutant(
        "loiterers-welcome", "edge.core.loitering",
        "_set(turn, due_at_ms=None, loiters=True)", "_set(turn, due_at_ms=None, loiters=False)",
        "somebody waits for a door to be opened, all evening",
    ),
)  # fmt: skip

OF_ALARMS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "acknowledges-the-next", "edge.core.alarm_desk",
        "if alarm is None or alarm.since_ms != seen.raised_at_ms:", "if alarm is None:",
        "an acknowledgement that comes late takes an alarm that nobody has seen",
    ),
    Mutant(
        "shelved-for-ever", "edge.core.shelves",
        "return until_ms - now.wall_ms + now.mono_ms - turn.mono_ms",
        "return until_ms - now.wall_ms + now.mono_ms - turn.mono_ms + 10**9",
        "what was put aside for an hour never comes back",
    ),
    Mutant(
        "shelved-fire", "edge.core.alarm_desk",
        "if key[0] in LIFE_SAFETY:", "if False:",
        "an alarm that a life hangs on is put aside",
    ),
    Mutant(
        "mains-rings-on", "edge.core.alarm_codes",
        "AlarmCode.MAINS_LOST: 30_000,", "AlarmCode.MAINS_LOST: 3_000_000,",
        "the mains are back, and the alarm stands for most of an hour",
    ),
    Mutant(
        "tamper-unseen", "edge.core.supervision",
        "Point.ENCLOSURE_TAMPER: AlarmCode.ENCLOSURE_TAMPER,", "",
        "the lid comes off, and nobody hears of it",
    ),
    Mutant(
        "smoke-late", "edge.core.environment",
        "smoke=sensor.smoke.again(event.smoke, config.reports),",
        "smoke=sensor.smoke.again(event.smoke, config.reports + 3),",
        "smoke is believed minutes later",
    ),
    Mutant(
        "gas-ignored", "edge.core.carbon_monoxide",
        "((300, 30), (100, 6), (50, 1))", "((9_000, 30), (50, 1))",
        "much carbon monoxide counts as little",
    ),
    Mutant(
        "heat-unseen", "edge.core.environment",
        "hot = celsius >= config.too_hot_decicelsius - (gap if hot else 0)", "hot = False",
        "it is too hot, and nobody is told",
    ),
    Mutant(
        "silence-is-well", "edge.core.environment",
        "changed(found, offline=True, detail=event.detail[:MAX_DETAIL_CHARACTERS])", "changed(found, offline=False)",
        "a sensor that does not answer is well",
    ),
)  # fmt: skip

OF_LOADS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "over-budget", "edge.core.load_rules",
        "if held or used_w + load.power_w > budget_w:", "if held:",
        "everything at once, until the fuse goes",
    ),
    Mutant(
        "sockets-in-a-fire", "edge.core.load_rules",
        "return Wish(load.kind is LoadKind.LIGHT, LoadCause.FIRE", "return Wish(True, LoadCause.FIRE",
        "chargers charge in a fire",
    ),
    Mutant(
        "cut-is-not-cut", "edge.core.load_rules",
        "return OFF[LoadCause.CUT] if load.id in situation.cut else None", "return None",
        "what was cut off from afar stays on",
    ),
    Mutant(
        "charges-at-night", "edge.core.load_rules",
        "if situation.night and not situation.occupied:", "if False:",
        "sockets stay on all night where nobody is",
    ),
    Mutant(
        "into-the-dark", "edge.core.load_rules",
        "    if situation.occupied:\n        return ON[LoadCause.OCCUPIED]",
        "    if False:\n        return ON[LoadCause.OCCUPIED]",
        "whoever is let in steps into the dark",
    ),
    Mutant(
        "not-driven-again", "edge.core.loads",
        "turn.act(SetLoad(load.id, True))", "pass",
        "after the pins were away nothing is switched on again, and the records say it is",
    ),
    Mutant(
        "heats-blind", "edge.core.environment",
        "and not known.findings[name].offline", "",
        "a heater runs by what a dead sensor said last",
    ),
)  # fmt: skip

OF_SENSORS: Final[tuple[Mutant, ...]] = OF_NUMBERS + OF_PEOPLE + OF_ALARMS + OF_LOADS
