"""The station's hardware, simulated on the real wire protocols.

`yizhan sim run --config F` runs one process in which a small *world* (door, room, people with cards and bodies) lives
behind the same wires a real station has, so that the controller on the other side cannot tell the difference.

The physics, which reads no clock (time comes in with every call):

- `world`: door leaf, lock, buttons, mains; `door_leaf`, `lock`, `contact`, `wires`.
- `premises`: what is around the door; `crowd` (who is where and does what), `doorway` (the beams), `motion`, `room`
  (air, loads, meter).
- `cabinet` and `cabinet_slot`: the battery-swap cabinet, its locks, chargers and own protection; `batteries` charge,
  age and burn; `carried` is what people have with them.

The wires, `devices.…`:

- `gpio`: the Pi's pins, as a server of pigpio's socket protocol.
- `osdp_reader`: a card reader with a keypad, as an OSDP peripheral on a pseudo terminal; `scanner`: a code scanner that
  types like a keyboard.
- `radar`: an HLK-LD2410 on its UART; `modbus_line` and `slaves`: RS-485 sensors and the mains meter.
- `cabinet_makes` and `cabinet_bus`: the swap cabinet's registers, two makes, on RTU or TCP (`modbus_tcp`);
  `modbus_answers` is what any Modbus slave answers.
- `link`: the station's way to the cloud, as a TCP relay that can be cut.

And around them: `station`, `sensors` and `cabinet_room` put world and wires together, `station` owns the time; `log`
is what really happened, the oracle of every loss test; `faults`, `fault_board` and `cabinet_faults` break things;
`stories`, `plays`, `hands`, `cabinet_plays` and `rider` are what people do; `panel` is the page to play with it;
`power` the power switch.
"""
