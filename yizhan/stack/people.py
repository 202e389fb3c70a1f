"""The people of the demo: six members with cards and one stranger without membership."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Person:
    """`data` are the card's bits as hex, left-aligned. A person's id is also the member's."""

    id: str
    name: str
    trade: str
    format: str
    bits: int
    data: str
    known: bool = True


PEOPLE: Final = (
    Person("rider-1", "王磊", "外卖骑手", "wiegand", 26, "02b3c4c0"),
    Person("courier-1", "李强", "快递员", "wiegand", 26, "13d5a680"),
    Person("driver-1", "张建国", "网约车司机", "wiegand", 34, "0f2e4d6c80"),
    Person("cleaner-1", "刘桂芳", "环卫工人", "raw", 32, "04a1b2c3"),
    Person("rider-2", "陈晓燕", "外卖骑手", "raw", 56, "04e1f2a3b4c5d6"),
    Person("trucker-1", "赵铁柱", "货车司机", "wiegand", 37, "5a6b7c8d90"),
    Person("stranger-1", "陌生人", "", "wiegand", 26, "7fffffc0", known=False),
)


def write_members(path: Path) -> None:
    """The members' file that the cloud imports."""
    names = ("id", "name", "trade", "format", "bits", "data")
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(names)
        table.writerows([getattr(person, name) for name in names] for person in PEOPLE if person.known)
