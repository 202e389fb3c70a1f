"""`yizhan sim`: run the simulated hardware, check its configuration, or print the panel's OpenAPI document."""

import argparse
import asyncio
import dataclasses
import logging
import sys
from pathlib import Path

from firmware_sim.config import ConfigError, SimConfig, StoryName, load
from firmware_sim.panel import openapi_document
from firmware_sim.process import serve
from firmware_sim.station import WireBusy

EXIT_CONFIG = 2


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="yizhan sim", description="A station's hardware on its real wires.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run until SIGTERM or Ctrl-C")
    run.add_argument("--config", type=Path, required=True)
    run.add_argument("--stories", help="comma-separated stories to play instead of the configured ones")
    run.add_argument("--seconds", type=float, help="how long to play them; 0 is until stopped")
    check = commands.add_parser("check-config", help="read the configuration and say what is wrong with it")
    check.add_argument("config", type=Path)
    commands.add_parser("openapi", help="print the panel's OpenAPI document")
    arguments = parser.parse_args(argv)
    if arguments.command == "openapi":
        print(openapi_document(), end="")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        config = load(arguments.config)
        if arguments.command == "check-config":
            print(f"{arguments.config}: fine")
            return 0
        return asyncio.run(serve(_with_stories(config, arguments.stories, arguments.seconds)))
    except (ConfigError, WireBusy) as error:
        print(f"yizhan sim: {error}", file=sys.stderr)
        return EXIT_CONFIG


def _with_stories(config: SimConfig, names: str | None, seconds: float | None) -> SimConfig:
    stories = config.stories
    if names is not None:
        try:
            stories = dataclasses.replace(stories, run=tuple(StoryName(name) for name in names.split(",") if name))
        except ValueError as error:
            raise ConfigError(f"--stories: {error}; known are {', '.join(StoryName)}") from None
    if seconds is not None:
        stories = dataclasses.replace(stories, seconds=seconds)
    return dataclasses.replace(config, stories=stories)
