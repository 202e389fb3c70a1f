"""`yizhan chaos`: is anything lost or doubled when parts die at any moment?

One station and its cloud run as separate processes. People hold cards to the reader all the time. Each round kills one
or more parts with SIGKILL at a moment drawn from the seed, sometimes cuts the network or takes the whole cloud away for
a while, starts everything again and waits until the station's journal is acknowledged. Then three questions are asked:

- *Lost or doubled against the world*: the simulator's log says which card went over the reader's wire and when the
  lock's pin moved. Each must have its record in the cloud's database, exactly one. What may be missing is only what
  died with the station (`judge`).
- *Lost or doubled against the journal*: each record that the station holds is in the cloud once, with the same digest,
  and the cloud holds nothing that the station never wrote.
- *Acknowledged too early*: somebody listens to each acknowledgement on the broker and at once looks into the database;
  after each death of the database everything that was ever acknowledged is looked for again (`acks`).

Rooms: `plan` (the rounds of a seed), `parts` (mosquitto and PostgreSQL as services), `stage` (the processes, and how
they die and come back), `crowd` (the people), `acks`, `evidence` (what the databases hold), `judge` (pure), `run` (the
rounds), `cli`.
"""
