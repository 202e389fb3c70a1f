"""More seeded bugs: in what the station guards itself by, how its alarms keep company, whom passes let in, and what is
reckoned to have been used."""

from typing import Final

from proof.bugs_of_the_door import Mutant

OF_ITSELF: Final[tuple[Mutant, ...]] = (
    Mutant(
        "bolt-unwatched", "edge.core.supervision",
        "if home and released:", "if False:",
        "the bolt stays home, everybody stands in the rain, and no alarm says so",
    ),
    Mutant(
        "bolt-of-an-open-door", "edge.core.supervision",
        'if inputs.contact_open or inputs.exit_pressed:\n        return ""', "if False:\n        return None",
        "behind an open door the bolt meets nothing, and that is called a fault",
    ),
    Mutant(
        "lock-fault-early", "edge.core.alarm_codes",
        "AlarmCode.LOCK_FAULT: 2_000,\n    AlarmCode.CONTACT_IMPLAUSIBLE: 1_", "AlarmCode.CONTACT_IMPLAUSIBLE: 1_",
        "a bolt that takes its time is a fault at each release",
    ),
    Mutant(
        "loose-wire-unseen", "edge.core.supervision_state",
        "flapping_edges: int = 20", "flapping_edges: int = 150",
        "a contact on a loose wire is believed",
    ),
    Mutant(
        "loose-wire-for-ever", "edge.core.alarm_codes",
        "AlarmCode.CONTACT_IMPLAUSIBLE: 60_000,", "AlarmCode.CONTACT_IMPLAUSIBLE: 6_000_000,",
        "a wire that was loose for a moment is loose for hours",
    ),
    Mutant(
        "shut-with-somebody-in-it", "edge.core.supervision",
        "return outer and inner and not contact_open", "return False",
        "somebody stands in a door that is said to be shut",
    ),
    Mutant(
        "one-too-many-unseen", "edge.core.presence",
        "inside.sure and inside.people > capacity", "inside.sure and inside.people > capacity + 1",
        "one more than there is room for is no alarm",
    ),
    Mutant(
        "load-fault-late", "edge.core.alarm_codes",
        "AlarmCode.LOAD_FAULT: 5_000,", "AlarmCode.LOAD_FAULT: 500_000,",
        "an output does not obey for minutes, and nobody is told",
    ),
    Mutant(
        "lids-unseen", "edge.core.supervision",
        "now.readers_tampered.get(reader), priority", "None, priority",
        "a reader's lid comes off, and nobody hears of it",
    ),
    Mutant(
        "fork-unheard", "edge.core.alarm_watch",
        "_told(AlarmCode.JOURNAL_FORKED, \"journal\", parts.journal_forked, seen)",
        "_told(AlarmCode.JOURNAL_FORKED, \"journal\", None, seen)",
        "a card was copied, and nobody is told",
    ),
    Mutant(
        "guessing-unheard", "edge.core.pins",
        "AlarmCode.PIN_GUESSING, reader, reader in locked,", "AlarmCode.PIN_GUESSING, reader, False,",
        "somebody tries numbers all night, and nobody is told",
    ),
    Mutant(
        "full-is-too-full", "edge.core.presence",
        "inside.sure and inside.people > capacity", "inside.sure and inside.people >= capacity",
        "a station that is full is called too full",
    ),
)  # fmt: skip

OF_COMPANY: Final[tuple[Mutant, ...]] = (
    Mutant(
        "flood-unheard", "edge.core.alarm_state",
        "flood_alarms: int = 10", "flood_alarms: int = 20",
        "twenty alarms in ten minutes, and nobody is told that it is too much",
    ),
    Mutant(
        "flood-without-end", "edge.core.alarms",
        "ends_ms = alarm_group.flood_ends_ms(config, turn.volatile.alarms) if floods else None", "ends_ms = None",
        "the flood is over, and its alarm stands until something else happens",
    ),
    Mutant(
        "flood-hides-all", "edge.core.alarm_group",
        "priority is Priority.LOW and is_flooded", "is_flooded",
        "in a flood nobody hears of what cannot wait",
    ),
    Mutant(
        "flood-hides-nothing", "edge.core.alarm_group",
        "return name_of(FLOOD)", 'return ""',
        "in a flood everything calls all the same",
    ),
    Mutant(
        "nobody-is-first", "edge.core.alarm_group",
        "mono_ms - now.announced_ms[-1] > config.group_ms", "False",
        "which came first is not known any more after the first alarm of the run",
    ),
    Mutant(
        "everybody-is-first", "edge.core.alarm_group",
        "mono_ms - now.announced_ms[-1] > config.group_ms", "True",
        "every alarm of a group is the one that set off the others",
    ),
    Mutant(
        "consequences-call", "edge.core.alarm_codes",
        "                AlarmCode.SENSOR_OFFLINE,\n                AlarmCode.READER_OFFLINE,\n"
        "                AlarmCode.UPLINK_DOWN,\n                AlarmCode.LOAD_FAULT,\n",
        "                AlarmCode.LOAD_FAULT,\n",
        "the mains are lost, and whoever is called gets five alarms for it",
    ),
    Mutant(
        "forced-and-forgotten", "edge.core.alarm_codes",
        '    AlarmCode.DOOR_FORCED: "the leaf is shut, and the bolt may be bent",\n', "",
        "the door was forced, is shut again, and nobody ever looks at it",
    ),
    Mutant(
        "hidden-for-ever", "edge.core.alarm_group",
        "if alarm.cause and any(other.active and name_of(other.key) == alarm.cause for other in alarms):",
        "if alarm.cause:",
        "what an alarm followed from is over, and it is hidden all the same",
    ),
)  # fmt: skip

OF_PASSES: Final[tuple[Mutant, ...]] = (
    Mutant(
        "anybody-signs", "contract.passes",
        "    except InvalidSignature:\n        raise PassError(PassProblem.BAD_SIGNATURE) from None",
        "    except InvalidSignature:\n        pass",
        "whoever can write a code opens the door",
    ),
    Mutant(
        "passes-of-anywhere", "contract.policy.passes",
        "here = station in shown.stations or shown.node in nodes", "here = True",
        "a pass for one station opens them all",
    ),
    Mutant(
        "passes-for-ever", "contract.policy.passes",
        "valid_until_ms=shown.valid_until_ms,", "valid_until_ms=None,",
        "a pass of yesterday opens today",
    ),
    Mutant(
        "pass-never-given-back", "edge.core.fold",
        "isinstance(record, AccessNotTaken) or record.pass_returned", "not isinstance(record, AccessNotTaken)",
        "whoever was too slow for the door has used up their pass",
    ),
    Mutant(
        "pass-always-given-back", "edge.core.passes",
        "    if granted is not None:\n        turn.act(ReaderFeedback(granted.reader, Feedback.GRANTED))",
        "    if granted is not None:\n"
        "        turn.record(AccessDenied(granted.reader, granted.credential, granted.member,"
        " Reason.STORAGE_UNAVAILABLE, RULE, granted.presented_mono_ms, True))",
        "whoever has come in may come in again on the same pass",
    ),
    Mutant(
        "pulls-the-plug", "edge.core.pin_state",
        "    return tuple(taken)", "    return ()",
        "whoever pulls the plug has five new tries",
    ),
)  # fmt: skip

OF_ENERGY: Final[tuple[Mutant, ...]] = (
    Mutant(
        "switched-before-reckoned", "edge.core.loads",
        "    if wish.on is not is_on:\n        energy.reckon(turn)\n", "    if wish.on is not is_on:\n",
        "what was off for an hour has used energy for it, and what was on has not",
    ),
    Mutant(
        "fractions-lost", "edge.core.energy",
        "uncounted_wms=rest", "uncounted_wms={}",
        "each count drops what is less than a milliwatt-hour",
    ),
    Mutant(
        "absence-not-counted", "edge.core.energy",
        "before_wh = memory.counters_wh.get(meter, counter_wh)", "before_wh = counter_wh",
        "what went through the meter during a power cut is nobody's",
    ),
    Mutant(
        "new-meter-counts", "edge.core.energy",
        "<= most_wh else counter_wh", "<= most_wh else 0",
        "with a new meter the day has used what that one had counted elsewhere",
    ),
    Mutant(
        "seldom-counted", "edge.core.energy",
        "COUNT_EVERY_MS: Final = 900_000", "COUNT_EVERY_MS: Final = 9_000_000",
        "a power cut takes hours of what loads have used",
    ),
    Mutant(
        "rounded-down", "edge.core.energy",
        "memory.energy_mwh.get(source, 0) + 500) // 1_000", "memory.energy_mwh.get(source, 0)) // 1_000",
        "every day loses up to a watt-hour of each source",
    ),
    Mutant(
        "day-of-utc", "edge.core.hours",
        "return datetime.fromtimestamp(wall_ms // 1_000, zone).date().isoformat()",
        "return datetime.fromtimestamp(wall_ms // 1_000).date().isoformat()",
        "what is used in the evening counts for another day",
    ),
)  # fmt: skip

OF_THE_GUARD: Final[tuple[Mutant, ...]] = OF_ITSELF + OF_COMPANY + OF_PASSES + OF_ENERGY
