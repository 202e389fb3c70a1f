"""The station's link to the cloud: one child process, which talks MQTT and signs nothing, decides nothing.

What the cloud says is checked here (signature, addressee, session, lifetime) and handed to the controller; what the
journal holds is shipped from here until the cloud's database has it. The process may die at any moment: the journal's
cursor belongs to the controller, the roster file is switched in transactions, and all else is asked for again.

- `shipper`: which batch goes next, and what an acknowledgement means. No I/O, no clock.
- `following`: which page of the roster to ask for next. No I/O, no clock.
- `gate`: what of the cloud's words may pass. No I/O, no clock.
- `reporting`, `refusals`, `backoff`: paces. No I/O, no clock.
- `journal_loop`, `roster_loop`, `state_loop`: the loops around them, with their worker threads.
- `wire`, `worker`, `tls`: publishing, blocking work in a thread of its own, certificates and keys.
- `session`: one MQTT connection. `process`: the process around it. `controller`: its end of the channel.
"""
