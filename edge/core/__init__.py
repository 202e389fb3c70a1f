"""What a station decides: pure functions of state, event and time.

No clock, no I/O, no asyncio, no randomness; everything else in `edge` is a shell around this. Follow a card:
`events.CardPresented` → `station.step` → `pins.presented` (does it wait for a number?) → `access.judge` (asks
`contract.policy.decide`) → `door` (the machine) → records (facts for the journal) and effects (what the shell does to
the world).

- `events`, `effects`, `config`, `state`: the values that go in, come out, and stay.
- `turn`: one step's work in progress; the only way to durable state is a record.
- `door`, `access`, `occupancy`, `alarms`, `commands`: one machine each. `station` composes them.
- `fold`: `apply` and `replay`, records to state. `snapshot`: state to JSON and back. `view`: state for people.
"""
