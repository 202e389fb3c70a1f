"""What the station and the cloud must agree on, and nothing else.

- `ids`: the names of things, as types.
- `records`: what a station writes into its journal. Standard library only, so that the pure core can build on it.
- `policy`: the pure decision function and schedules; the station runs them and the cloud can ask "what if".
- `messages`, `topics`, `codec`, `envelope`, `versions`: the wire.
- `digest`: how a record is chained to the one before it.
- `asyncapi`: the document of all this, generated.

This file imports nothing on purpose: `edge.core` may import `contract.records` without loading pydantic.
"""
