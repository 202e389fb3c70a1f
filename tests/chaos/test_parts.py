"""What a run is built of."""

from yizhan.services.probe import OUTGOING_PORTS, free_ports, is_free


def test_ports_of_a_stack_are_free_and_out_of_the_reach_of_outgoing_connections() -> None:
    first_outgoing = int(OUTGOING_PORTS.read_text().split()[0])
    ports = free_ports(6)
    assert len(set(ports)) == 6
    assert all(is_free(port) and port < first_outgoing for port in ports)
