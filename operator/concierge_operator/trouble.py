"""What keeps a look at a tenant from its end, as one verdict for people and for programs. Pure."""

from __future__ import annotations

from concierge_operator.observe import State, Verdict, over_quota
from concierge_operator.refusals import Refusal, Retry

NAMESPACE_GOES = "NamespaceTerminating"


def of_refusal(refused: Refusal, what: str, namespace: str) -> Verdict:
    """Why `what` ("Service concierge-chat") can't be made or looked at, and who can do something about it."""
    if refused.over_quota:
        return over_quota(f"{what}: {str(refused).rstrip('.')}.")
    if refused.namespace_goes:
        told = f"Namespace {namespace} is being deleted; nothing can be made in it any more."
        return _failed(NAMESPACE_GOES, told)
    if refused.lacking_right is not None:
        return _failed("NotAllowed", _without_right(refused, what))
    if refused.status == 403:
        return _failed("NotAllowed", f"The cluster does not let the operator make {what}: {refused}")
    return _failed("ObjectRefused", f"The cluster refuses {what}: {refused}")


def of_unseen(refused: Refusal, kind: str) -> Verdict:
    """Objects of this kind may not be listed: what is there of them is not known, so nothing is changed."""
    return _failed("NotAllowed", _without_right(refused, f"every {kind}") + " What runs keeps running.")


def of_error(error: Exception, tenant: str, namespace: str) -> Verdict:
    """The same for whatever else ended the look."""
    if isinstance(error, Retry):
        return Verdict(State.PROGRESSING, "Waiting", f"{error}; it is looked at again by itself.")
    if not isinstance(error, Refusal):
        told = f"The operator made a mistake of its own ({type(error).__name__}); its log says more."
        return _failed("InternalError", f"{told} It tries again by itself. What runs keeps running.")
    if will_not_pass(error):
        return of_refusal(error, f"what tenant {tenant} needs", namespace)
    return Verdict(State.PROGRESSING, "TryingAgain", f"The API server refuses: {error} It is tried again by itself.")


def will_not_pass(error: Exception) -> bool:
    """Somebody has to do something first. What is not there (404) may be the tenant itself, about to go."""
    return isinstance(error, Refusal) and not error.may_pass and error.status != 404


def _without_right(refused: Refusal, what: str) -> str:
    right = refused.lacking_right
    lacks = f"may not {right.verb} {right.resource}" if right is not None else "lacks a right"
    account = f" ({right.account})" if right is not None else ""
    return (
        f"The operator{account} {lacks}, which is needed for {what}. Give it the chart's rights: helm upgrade with "
        f"rbac.create=true, or by hand as in the chart's files/rules.yaml; it is tried again by itself. "
        f"The cluster says: {refused}"
    )


def _failed(reason: str, told: str) -> Verdict:
    return Verdict(State.FAILED, reason, told)
