"""Hands at the operations page: buttons pressed, fields filled in."""

import json
from typing import Final

from tests.e2e.chromium import Tab

NAME: Final = "王芳"
REASON: Final = "会员未带卡"


def click(tab: Tab, selector: str, text: str) -> None:
    """Press the button that says this, once it is there and may be pressed."""
    found = (
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        f".find((button) => button.textContent.includes({json.dumps(text)}) && !button.disabled)"
    )
    tab.until(f"{found} !== undefined")
    tab.evaluate(f"{found}.click()")


def write(tab: Tab, name: str, text: str) -> None:
    """Type into a field of the dialog that asks."""
    field = f"document.querySelector('dialog input[name={name}]')"
    tab.until(f"{field} !== null")
    tab.evaluate(f"{field}.value = {json.dumps(text)}, {field}.dispatchEvent(new Event('input', {{ bubbles: true }}))")


def say_why(tab: Tab, confirm: str) -> None:
    """Give reason and name, and do it."""
    write(tab, "reason", REASON)
    say_who(tab, confirm)


def say_who(tab: Tab, confirm: str) -> None:
    """Give the name, and do it."""
    write(tab, "operator", NAME)
    click(tab, "dialog button[type=submit]", confirm)
    tab.until("document.querySelector('dialog') === null")


def acknowledge(tab: Tab, word: str) -> None:
    """Acknowledge the first alarm; the page asks for a name unless it knows it."""
    click(tab, ".alarms li button", word)
    tab.until("document.querySelector('dialog') || document.querySelector('.alarms .actions button') === null")
    if tab.evaluate("document.querySelector('dialog') !== null"):
        say_who(tab, word)
