"""What a reader shows and sounds for each outcome, as OSDP commands: told apart by rhythm, not by colour alone.

Counts are in 100 ms. A lasting sign is sent again before its timer ends (`reader_osdp`).
"""

from typing import Any, Final

from osdp import Command, CommandLEDColor

from edge.core.effects import Feedback

LONGEST_COUNT: Final = 250
"""Of a light's timer. The library passes on eight bits of OSDP's sixteen: 6,000 became 112."""


def commands(outcome: Feedback) -> list[dict[str, Any]]:
    """Light and sound of an outcome."""
    green, red, amber, blue = (
        CommandLEDColor.Green,
        CommandLEDColor.Red,
        CommandLEDColor.Amber,
        CommandLEDColor.Blue,
    )
    long = LONGEST_COUNT
    table: dict[Feedback, list[dict[str, Any]]] = {
        Feedback.GRANTED: [_led(green, 30, 0, 30), _buzzer(3, 0, 1)],
        Feedback.DENIED: [_led(red, 2, 2, 24), _buzzer(1, 1, 3)],
        # As long as a card waits for its number.
        Feedback.SECOND_FACTOR: [_led(amber, 5, 5, 100), _buzzer(1, 2, 2)],
        Feedback.LOCKED_OUT: [_led(red, 20, 5, 50), _buzzer(8, 2, 2)],
        Feedback.WELFARE: [_led(blue, 3, 3, long), _buzzer(2, 8, 0)],
        Feedback.HELD_PRE_ALARM: [_led(amber, 5, 5, long), _buzzer(1, 9, 10)],
        Feedback.HELD: [_led(red, 5, 5, long), _buzzer(5, 5, 0)],
        Feedback.HELD_LONG: [_led(red, 9, 1, long), _buzzer(9, 1, 0)],
        Feedback.FORCED: [_led(red, 1, 1, long), _buzzer(1, 1, 0)],
        Feedback.EVACUATE: [_led(green, 10, 2, long), _buzzer(10, 2, 0)],
        Feedback.IDLE: [_led(CommandLEDColor.Black, 1, 0, 1), _buzzer(0, 0, 0)],
    }
    return table[outcome]


def _led(color: int, on: int, off: int, total: int) -> dict[str, Any]:
    return {
        "command": Command.LED,
        "reader": 0,
        "led_number": 0,
        "control_code": 2,  # set a temporary state, with its timer
        "on_count": on,
        "off_count": off,
        "on_color": color,
        "off_color": CommandLEDColor.Black,
        "timer_count": total,
        "temporary": True,
    }


def _buzzer(on: int, off: int, repeat: int) -> dict[str, Any]:
    silent = on == 0
    return {
        "command": Command.Buzzer,
        "reader": 0,
        "control_code": 1 if silent else 2,  # 1: off, 2: the default tone
        "on_count": on,
        "off_count": off,
        "rep_count": repeat,
    }
