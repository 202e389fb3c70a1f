"""What a controller tells a reader to show and sound, from libosdp's words to the log's and the panel's."""

from typing import Any

from osdp import Command, CommandLEDColor

from firmware_sim.log import Json

COUNT_MS = 100
"""OSDP counts the times of lights and buzzers in tenths of a second."""

COLORS = {
    getattr(CommandLEDColor, name): name.lower()
    for name in ("Black", "Red", "Green", "Amber", "Blue", "Magenta", "Cyan", "White")
}


def describe_command(command: dict[str, Any]) -> tuple[str, dict[str, Json]]:
    """A command of the controller in the log's words: which device of the reader, and what it was told."""
    match command["command"]:
        case Command.LED:
            return "led", {
                "color": COLORS.get(command["on_color"], "unknown"),
                "off_color": COLORS.get(command["off_color"], "unknown"),
                "temporary": bool(command["temporary"]),
                "on_ms": command["on_count"] * COUNT_MS,
                "off_ms": command["off_count"] * COUNT_MS,
                "for_ms": command.get("timer_count", 0) * COUNT_MS,
            }
        case Command.Buzzer:
            return "buzzer", {
                "on_ms": command["on_count"] * COUNT_MS,
                "off_ms": command["off_count"] * COUNT_MS,
                "repeats": command["rep_count"],
            }
        case Command.Text:
            return "text", {"text": str(command["data"])}
        case other:
            return "other", {"command": int(other)}
