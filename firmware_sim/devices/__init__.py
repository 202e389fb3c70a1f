"""The wires: everything that the controller sees of this station goes through one of these."""
