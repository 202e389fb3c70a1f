"""The battery-swap cabinet: what is in it, who gets what, and what may charge.

*Truth.* The cabinet's own readings say where batteries are; the books say where they should be. `readings` takes in
what the driver reads, `books` compares, and what differs without an ordered move is an anomaly with a name. Nothing
moves before every slot has been read in this run.

*Moves.* Only `slots.unlock` tells a slot to open: it writes the record first, and refuses while another slot stands
open, may stand open, or the slot is tripped. The riders' swap (`swap`, by the table in `swap_table`), a technician
(`service`) and an operator's command all go through it.

*Charging* (`charging`, `trips`) fails towards off: every charger is off until the battery is known, its data fresh,
its window kept and no trip latched, and it takes a person to reset a trip.

A station has one cabinet at most, of any number of slots that share its controller; `CabinetConfig.slots` empty means
none, and then nothing here costs anything.
"""
