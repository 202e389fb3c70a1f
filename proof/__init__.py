"""Simulated years: a whole station lives among people who behave badly, and every moment is checked.

Deterministic simulation after TigerBeetle's VOPR: one process, one thread, a virtual clock, and every choice drawn from
a seed, so that seed and commit repeat any failure. What runs is the real code where it is pure: `edge.core`,
`contract.policy`, `edge.runtime.actuation`, `edge.uplink.shipper`, `cloud.ingest.ranges`, and of the world
`firmware_sim.door_leaf` and `firmware_sim.lock`. What is not pure, or too slow for a year a minute, is a model with the
same rules: `journal_model` for the journal on SQLite (held against the real one by a test), `storage` for its thread,
`shell` for the asyncio controller, `cloud_model` for ingest and its database.

What the line of JSON counts: `visits`, everybody who comes to the door, whether or not they get in (about 200 a day);
`events`, steps of the core (3,000 a day at least, and more where more is wired);
`faults`, everything that goes wrong; `restarts`, runs that ended; `violations`, lives that broke an invariant, each of
which ends there; `met`, how often each alarm was raised, a pass used, energy counted and so on: what never happens
proves nothing. `seconds` is by the clock, `cpu_seconds` what one core would need.

Of the swap cabinet: `swaps` that have begun, and their `outcomes`; `anomalies_opened`, by kind and cause in
`anomalies`; `batteries` that there were, `batteries_unaccounted` of which the books say nothing; `books_compared`, how
often every slot and rider was held against the books. `make sim SWAPS=n` lives at busy swap stations alone.

What is thinned for the sake of speed, and nothing else: contacts bounce less, radar, air and meter report every few
minutes and at every change (and are called silent later in the same measure), health is measured every twenty minutes,
and more often where there is little else to tell.

- `acts`, `visits`, `people`: what people, building, cloud and bad luck do, drawn a day at a time. `city`: where the
  station stands, how it is wired and configured, and whom its roster knows.
- `timeline`, `world`, `room`, `building`, `keypads`, `guests`: virtual time, and what is really so: door and lock,
  bodies and the sensors that see them, air and mains, numbers and whose they are, passes and who signed them.
- `cabinet_city`, `cabinet_days`, `battery_world`, `cabinet_driver`, `riders`, `cabinet_faults`: the same for a swap
  cabinet, its batteries and the people before it.
- `deeds`, `faults`, `power`: what each kind of act does.
- `shell`, `storage`, `journal_model`, `uplink`, `cloud_model`: the station and the fleet's side of its wire.
- `…invariants`, `told`: what must hold, one named function each. `life`: puts it all together.
- `living`, `years`, `shrink`, `mutants`, `cli`: many lives, a failing one made short, and whether it all
  bites.
"""
