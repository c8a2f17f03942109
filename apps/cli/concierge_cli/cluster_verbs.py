"""The command line of the verbs for people who run the operator. They work as `kubectl concierge VERB` as well."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

Verbs = Any
"""What argparse gives for subcommands; its class is private."""


def add_cluster_verbs(verbs: Verbs) -> None:
    """explain, diff, suspend, wake, backup, restore, cleanup."""
    explain = _verb(verbs, "explain", "say how a tenant in the cluster is, and why")
    _add_tenant(explain)
    explain.set_defaults(module="explain")

    diff = _verb(verbs, "diff", "say what an upgrade would change, for one tenant or all; changes nothing")
    _add_tenant(diff)
    diff.add_argument(
        "--to-version",
        metavar="VERSION",
        help='with this version of the apps ("this": the one of this command); default: the one that holds',
    )
    diff.set_defaults(module="diff")

    suspend = _verb(verbs, "suspend", "close a house for the season: its data is kept, its pods rest")
    _add_tenant(suspend, one=True)
    suspend.add_argument("--reopens-on", type=_day, metavar="YYYY-MM-DD", help="what guests are told")
    suspend.set_defaults(module="season", deed="suspend")

    wake = _verb(verbs, "wake", "open a house again")
    _add_tenant(wake, one=True)
    wake.set_defaults(module="season", deed="wake")

    backup = _verb(verbs, "backup", "make a backup of a tenant now, and wait for it")
    _add_tenant(backup, one=True)
    backup.set_defaults(module="backup")

    restore = _verb(verbs, "restore", "put an archive in the place of all data of a tenant")
    _add_tenant(restore, one=True)
    restore.add_argument("--from", dest="archive", required=True, metavar="ARCHIVE", help='its name, or "latest"')
    restore.add_argument("--yes", action="store_true", help="don't ask, although what was written since is lost")
    restore.add_argument("--no-backup", action="store_true", help="don't make one more backup first")
    restore.set_defaults(module="restore")

    cleanup = _verb(verbs, "cleanup", "take away what a tenant left behind: its data and its keys")
    cleanup.add_argument("-n", "--namespace", required=True, help="where the tenant lived")
    cleanup.add_argument("--yes", action="store_true", help="do it; without this it only says what it would do")
    _add_kubeconfig(cleanup)
    cleanup.set_defaults(module="cleanup", everywhere=False, tenant=None)


def _verb(verbs: Verbs, name: str, does: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    return made


def _add_tenant(parser: argparse.ArgumentParser, *, one: bool = False) -> None:
    parser.add_argument(
        "tenant", nargs=None if one else "?", help="its name" + ("" if one else " (default: every one)")
    )
    parser.add_argument("-n", "--namespace", help="where it lives; default: the kubeconfig's, as with kubectl")
    if not one:
        parser.add_argument(
            "-A", "--all-namespaces", dest="everywhere", action="store_true", help="in all namespaces of the cluster"
        )
    else:
        parser.set_defaults(everywhere=False)
    _add_kubeconfig(parser)


def _add_kubeconfig(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--context", help="default: the kubeconfig's current one")
    parser.add_argument("--kubeconfig", metavar="FILE", help="default: KUBECONFIG, else ~/.kube/config")


def _day(word: str) -> str:
    try:
        return date.fromisoformat(word).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{word}" is no day; write it as 2027-04-01') from None
