"""The command line of the verbs for people who run the operator. They work as `kubectl concierge VERB` as well."""

from __future__ import annotations

import argparse
from typing import Any

Verbs = Any
"""What argparse gives for subcommands; its class is private."""


def add_cluster_verbs(verbs: Verbs) -> None:
    """explain, diff, suspend, wake, backup, restore, cleanup."""
    explain = verbs.add_parser("explain", help="say how a tenant in the cluster is, and why")
    _add_tenant(explain)
    explain.set_defaults(module="explain")

    diff = verbs.add_parser("diff", help="say what an upgrade would change, for one tenant or all; changes nothing")
    _add_tenant(diff)
    diff.add_argument(
        "--to-version",
        metavar="VERSION",
        help='with this version of the apps ("this": the one of this command); default: the one that holds',
    )
    diff.set_defaults(module="diff")

    suspend = verbs.add_parser("suspend", help="close a house for the season: its data is kept, its pods rest")
    _add_tenant(suspend, one=True)
    suspend.add_argument("--reopens-on", metavar="YYYY-MM-DD", help="what guests are told")
    suspend.set_defaults(module="season", deed="suspend")

    wake = verbs.add_parser("wake", help="open a house again")
    _add_tenant(wake, one=True)
    wake.set_defaults(module="season", deed="wake")

    backup = verbs.add_parser("backup", help="make a backup of a tenant now, and wait for it")
    _add_tenant(backup, one=True)
    backup.set_defaults(module="backup")

    restore = verbs.add_parser("restore", help="put an archive in the place of all data of a tenant")
    _add_tenant(restore, one=True)
    restore.add_argument("--from", dest="archive", required=True, metavar="ARCHIVE", help='its name, or "latest"')
    restore.add_argument("--yes", action="store_true", help="don't ask, although what was written since is lost")
    restore.add_argument("--no-backup", action="store_true", help="don't make one more backup first")
    restore.set_defaults(module="restore")

    cleanup = verbs.add_parser("cleanup", help="take away what a tenant left behind: its data and its keys")
    cleanup.add_argument("-n", "--namespace", required=True)
    cleanup.add_argument("--yes", action="store_true", help="do it; without this it only says what it would do")
    cleanup.add_argument("--kubeconfig", metavar="FILE", help="default: KUBECONFIG, else ~/.kube/config")
    cleanup.set_defaults(module="cleanup", everywhere=False, tenant=None)


def _add_tenant(parser: argparse.ArgumentParser, *, one: bool = False) -> None:
    parser.add_argument(
        "tenant", nargs=None if one else "?", help="its name" + ("" if one else " (default: every one)")
    )
    parser.add_argument("-n", "--namespace", default="default")
    if not one:
        parser.add_argument("-A", "--all-namespaces", dest="everywhere", action="store_true")
    else:
        parser.set_defaults(everywhere=False)
    parser.add_argument("--kubeconfig", metavar="FILE", help="default: KUBECONFIG, else ~/.kube/config")
