"""Simulated years: a whole station lives among people who behave badly, and every moment is checked.

Deterministic simulation after TigerBeetle's VOPR: one process, one thread, a virtual clock, and every choice drawn from
a seed, so that seed and commit repeat any failure. What runs is the real code where it is pure: `edge.core`,
`contract.policy`, `edge.runtime.actuation`, `edge.uplink.shipper`, `cloud.ingest.ranges`, and of the world
`firmware_sim.door_leaf` and `firmware_sim.lock`. What is not pure, or too slow for a year a minute, is a model with the
same rules: `journal_model` for the journal on SQLite (held against the real one by a test), `storage` for its thread,
`shell` for the asyncio controller, `cloud_model` for ingest and its database.

- `acts`, `visits`, `people`: what people, building, cloud and bad luck do, drawn a day at a time. `city`: where the
  station stands, how it is wired and configured, and whom its roster knows.
- `timeline`, `world`, `room`, `building`, `keypads`: virtual time, and what is really so: door and lock, bodies and the
  sensors that see them, air and mains, numbers and whose they are.
- `deeds`, `faults`, `power`: what each kind of act does.
- `shell`, `storage`, `journal_model`, `uplink`, `cloud_model`: the station and the fleet's side of its wire.
- `…invariants`, `told`: what must hold, one named function each. `life`: puts it all together.
- `living`, `years`, `shrink`, `mutants`, `cli`: many lives, a failing one made short, and whether it all
  bites.
"""
