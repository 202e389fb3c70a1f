"""What people of the demo carry beside their cards: a number for the keypad and a visitor's pass, issued by the cloud.

Both exist in clear only where a person would have them: in two files of the stack that stand for a head and a phone.
"""

import re
from typing import Final

from yizhan.stack.files import write_secret
from yizhan.stack.layout import STATION, Layout
from yizhan.stack.people import PEOPLE
from yizhan.stack.prepare import PreparationFailed, administer

NUMBER_HOLDER: Final = PEOPLE[0]
PASS_MINUTES: Final = 24 * 60
NUMBER: Final = re.compile(r": (\d{4,12}) \(with the card\)")


def hand_out(layout: Layout) -> None:
    """A new pass for today's visitors, and once a number for one of the members. Needs a prepared stack.

    Raises:
        PreparationFailed: the cloud issued nothing, or said so in words that are not known here.
    """
    commands: list[tuple[str, ...]] = [
        ("passes", "issue", "--station", STATION, "--minutes", str(PASS_MINUTES), "--reason", "demo")
    ]
    if not layout.member_number.exists():
        commands.append(("members", "pin", NUMBER_HOLDER.id))
    printed = administer(layout, *commands)
    passes = [line for line in printed.splitlines() if line.startswith("YZ1.")]
    if len(passes) != 1:
        raise PreparationFailed("`yizhan cloud passes issue` printed no pass")
    layout.visit_pass.unlink(missing_ok=True)
    write_secret(layout.visit_pass, passes[0])
    if not layout.member_number.exists():
        number = NUMBER.search(printed)
        if number is None:
            raise PreparationFailed("`yizhan cloud members pin` printed no number")
        write_secret(layout.member_number, number[1])
