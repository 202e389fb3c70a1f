"""Takes in every station's journal: store, then acknowledge, nothing else.

- `inbox`: an MQTT message as one of the few things that ingest understands, or as unreadable.
- `ranges`: which positions of a stream are held, as merged ranges. Pure.
- `check`: whether a batch's digest chain holds, and whether a record can be stored. Pure.
- `progress`: what one transaction knows and learns of one stream: duplicates, forks, holes.
- `commit`: the transaction.
- `worker`: the MQTT session around it.
"""
