"""The station's hardware, simulated on the real wire protocols.

`yizhan sim run --config F` runs one process in which a small *world* (door leaf, lock, people with cards) lives
behind the same wires a real station has, so that the controller on the other side cannot tell the difference:

- `world`, `door_leaf`, `lock`, `contact`, `people`: the physics. They read no clock; time comes in with every call.
- `devices.gpio`: the Pi's pins, as a server of pigpio's socket protocol.
- `devices.osdp_reader`: a card reader, as an OSDP peripheral on a pseudo terminal.
- `devices.link`: the station's way to the cloud, as a TCP relay that can be cut.
- `station`: puts world and wires together and owns the time.
- `log`: what really happened, as JSON lines; the oracle of every loss test.
- `faults`, `stories`, `panel`, `power`: what goes wrong, what people do, the page to play with it, the power switch.
"""
