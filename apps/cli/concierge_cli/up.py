"""`concierge up`: run properties on this machine, each with its web process, worker and beat, and one Valkey for all.

The YAML is checked first, so that what is wrong with it is said before anything starts. This process stays small.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from concierge_cli import declared, port_choice
from concierge_cli.declared import Declared
from concierge_cli.house import House
from concierge_cli.place import Place
from concierge_cli.supervisor import Supervisor
from concierge_core.errors import ConciergeError, InvalidInput, TenantFileError


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C: 0 after an orderly end, 2 when it can't be, 1 when a part could not be kept alive."""
    with ExitStack() as stack:
        try:
            houses = _houses(arguments, stack)
        except ConciergeError as error:
            print(error, file=sys.stderr)
            return 2
        supervisor = Supervisor(houses, host=arguments.host, secrets_file=arguments.secrets, verbose=arguments.verbose)
        return asyncio.run(supervisor.run())


def _houses(arguments: argparse.Namespace, stack: ExitStack) -> list[House]:
    _refuse_missing_secrets_file(arguments.secrets)
    properties = declared.read(arguments.files, arguments.secrets)
    _refuse_crowded_files(properties)
    places = [Place.of(arguments.data, each.code) for each in properties]
    locks = [stack.enter_context(place.hold()) for place in places]
    ports = port_choice.choose(arguments.host, arguments.port, len(properties))
    houses = [House(*each) for each in zip(properties, places, ports, locks, strict=True)]
    for house in houses:
        stack.callback(house.leave)
    return houses


def _refuse_crowded_files(properties: Sequence[Declared]) -> None:
    for each in properties:
        if sum(other.source == each.source for other in properties) > 1:
            raise TenantFileError(f"{each.source}: holds several properties; give each its own file for concierge up.")


def _refuse_missing_secrets_file(path: Path | None) -> None:
    if path is not None and not path.is_file():
        raise InvalidInput(
            "secrets", f"{path}: there is no such file; name the YAML with your secrets, or leave it out."
        )
