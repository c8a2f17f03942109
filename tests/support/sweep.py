"""Stops an operator dead after its n-th call about the n-th hotel of a street, and lets another one bring it all to its
end."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from cut_operator import Cuts, cut_operator
from running_operator import running_operator
from street import Street, wait_until

PATIENT = {"lease_seconds": 30, "renew_deadline_seconds": 20}
"""It gives its Lease back: nobody waits for that."""
_FOREVER = 1_000_000

Deed = Callable[[], object]
Done = Callable[[], set[str]]
"""The namespaces where all is as it should be in the end."""


def calls_of(street: Street, deed: Deed, done: Done) -> int:
    """How many calls it takes for the only hotel of this street, when nobody stops the operator."""
    (namespace,) = street.namespaces
    cuts = Cuts({namespace: _FOREVER})
    with cut_operator(street.plane.kubeconfig, cuts, **PATIENT):
        deed()
        wait_until(lambda: done() == {namespace}, 90, street.tenants)
    return cuts.made[namespace]


def sweep(street: Street, deed: Deed, done: Done, calls: int) -> None:
    """Do it with an operator that stops after 1, 2, 3 … `calls` calls, for one hotel after the other and from the
    start again where there are more of them; then let another one end it."""
    numbers = itertools.cycle(range(1, calls + 1))
    cuts = Cuts(dict(zip(street.namespaces, numbers, strict=False)))
    with cut_operator(street.plane.kubeconfig, cuts, **PATIENT):
        deed()
        cut = wait_until(
            lambda: all(cuts.dead(name) for name in set(street.namespaces) - done()), 240, lambda: cuts.made
        )
    with running_operator(street.plane.kubeconfig, **PATIENT):
        ended = wait_until(lambda: done() == set(street.namespaces), 240, lambda: set(street.namespaces) - done())
    print(f"{len(street.namespaces)} hotels: cut off after {cut:.0f} s, ended {ended:.0f} s later")
