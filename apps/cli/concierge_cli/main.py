"""`concierge VERB …`. Each verb is a module; what it needs is imported only when it is called.

Exit codes: 0 done, 1 a problem was found, 2 the command line or the property's YAML can't be used.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module, metadata
from pathlib import Path

from concierge_cli.cluster_verbs import add_cluster_verbs
from concierge_core.errors import ConciergeError, InvalidInput

DEFAULT_DATA = Path(".concierge")


def main(argv: list[str] | None = None) -> None:
    """Run the verb and leave with its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code = import_module(f"concierge_cli.{arguments.module}").run(arguments)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except ConciergeError as error:
        print(f"This did not work: {str(error).rstrip('.')}.", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # Whoever read it has read enough (`| head`); Python itself would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # what a shell expects after Ctrl-C
    raise SystemExit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="concierge", description="A hotel's concierge, run from one YAML.")
    parser.add_argument("--version", action="version", version=f"concierge {metadata.version('concierge')}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    up = verbs.add_parser("up", help="run a property (or several) on this machine")
    up.add_argument("-f", "--file", dest="files", type=Path, action="append", required=True, metavar="FILE")
    up.add_argument("--port", type=_port, help="port of the first property; the others follow (default: from 8080)")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    up.add_argument("--verbose", action="store_true", help="show the logs of all parts")
    _add_place(up)
    up.set_defaults(module="up")

    doctor = verbs.add_parser("doctor", help="say what is missing on this machine, and what to do about it")
    doctor.add_argument("-f", "--file", dest="files", type=Path, action="append", default=[], metavar="FILE")
    doctor.add_argument("--port", type=_port, default=8080)
    _add_place(doctor)
    doctor.set_defaults(module="doctor")

    password = verbs.add_parser("password", help="give a member of staff a new password")
    password.add_argument("email")
    _add_property(password)
    password.set_defaults(module="password")

    _add_staff(verbs.add_parser("staff", help="add an account for a member of staff, or list those there are"))

    rotate = verbs.add_parser("rotate-keys", help="make a new encryption key and re-encrypt everything with it")
    _add_property(rotate)
    rotate.set_defaults(module="rotate_keys")

    _add_render(verbs.add_parser("render", help="print what a property consists of in a cluster"))

    add_cluster_verbs(verbs)

    version = verbs.add_parser("version", help="say which version this is")
    version.set_defaults(module="version")
    return parser


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--file", dest="files", type=Path, action="append", required=True, metavar="FILE")
    parser.add_argument("--class", dest="brand", type=Path, metavar="FILE", help="the brand's ConciergeClass")
    parser.add_argument("--namespace", help="namespace of a property whose YAML names none (default: its name)")
    parser.add_argument("--image-version", metavar="VERSION", help="version of the apps (default: this one's)")
    parser.add_argument(
        "--offers",
        dest="offered",
        action="append",
        default=[],
        metavar="KIND.GROUP",
        help="a kind that the cluster knows besides the built-in ones, such as PodMonitor.monitoring.coreos.com",
    )
    parser.set_defaults(module="render")


def _port(word: str) -> int:
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= 65535:
        raise argparse.ArgumentTypeError(f'"{word}" is no port; write a number from 1 to 65535')
    return int(word)


def _add_staff(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="staff")
    deeds = parser.add_subparsers(metavar="add|list", required=True, dest="deed")
    add = deeds.add_parser("add", help="make an account; its password is printed once")
    add.add_argument("email")
    add.add_argument("--name", required=True, help="what guests and colleagues see")
    add.add_argument("--role", choices=("agent", "manager", "admin"), default="agent", help="default: agent")
    _add_property(add)
    _add_property(deeds.add_parser("list", help="print e-mail address, role and name of every account"))


def _add_property(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--file", type=Path, required=True, metavar="FILE", help="the property's YAML")
    _add_place(parser)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where data is kept")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help="YAML with the secrets that the property names")


if __name__ == "__main__":
    main()
