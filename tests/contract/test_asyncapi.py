"""The AsyncAPI document says what the code says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from contract.asyncapi import PAYLOADS, SAID_AGAIN, SEALED, document
from contract.records import RECORD_TYPES
from contract.topics import RETAINED, Leaf, parse
from edge.uplink.wire import QOS

ROOT = Path(__file__).resolve().parents[2]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_in_the_repository_is_current() -> None:
    committed = yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text(encoding="utf-8"))
    assert committed == document(), "run `make documents`"


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    for reference in references(whole):
        place: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_leaf_is_a_channel_whose_address_is_a_topic() -> None:
    channels = document()["channels"]
    leaves = {parse(channel["address"].replace("{station}", "yz-bj-0001")).leaf for channel in channels.values()}
    assert leaves == set(Leaf) == set(PAYLOADS)


def test_downward_messages_are_sealed_but_the_acknowledgement() -> None:
    channels = document()["channels"]
    assert {leaf for leaf in Leaf if "x-sealed-message" in channels[leaf.replace("/", "-")]} == SEALED
    assert Leaf.ACK not in SEALED


def test_retained_topics_are_told() -> None:
    operations = document()["operations"]
    told = {leaf for leaf in Leaf if operations[leaf.replace("/", "-")]["bindings"]["mqtt"]["retain"]}
    assert told == RETAINED


def test_the_quality_of_service_told_is_the_one_that_a_station_uses() -> None:
    assert {leaf: int(leaf not in SAID_AGAIN) for leaf in QOS} == QOS


def test_every_kind_of_record_has_a_schema() -> None:
    schemas = document()["components"]["schemas"]
    assert {name.removeprefix("Record.") for name in schemas if name.startswith("Record.")} == set(RECORD_TYPES)
