"""The simulated hardware is tested through its wires, with the clients a station really uses."""
