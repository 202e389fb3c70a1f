"""The station's journal: what has happened, kept through power cuts until the cloud's database has it.

One SQLite file (WAL, synchronous=FULL), written by one thread of the controller and read by the uplink child.

- A record's place is `(epoch, stream, seq)`. `seq` counts from 1 without holes; `digest` chains each record to the one
  before it (`contract.digest`), so that two journals which agree on one digest agree on everything before it.
- An *epoch* is one life of the storage. Storage that is new, unreadable, or that the cloud remembers differently (a
  cloned or rolled-back card: a *fork*) starts another one, so that two histories never mix under one name.
- The *floor* of a stream is the position before the oldest record kept, with its digest: the chain's other end.
- A *gap record* stands in the place of records that had to be given up unacknowledged. It sits at the last position it
  covers and keeps the digest that was there, so that the chain goes on and a late acknowledgement still fits.

The files: `journal` (the writer), `reader` (the uplink's view), `opening` (create, check, set aside: `aside`),
`replaying` (snapshot and start), `retention` (what goes when room is short), `room` and `reserve` (writing on a full
disk), `forking`, `verification`, `storage` (SQLite and its errors), `schema`, `rows`, `model`, `errors`.

This file imports nothing on purpose: `reader` needs pydantic, the controller does without.
"""
