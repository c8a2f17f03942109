"""The operator's metrics on `/metrics`, named as controllers name them. Usage figures are here, never in status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from concierge_operator.status_model import Condition

QUEUE_DEPTH = Gauge("workqueue_depth", "Tenants and classes that wait to be worked on")
QUEUE_ADDS = Counter("workqueue_adds_total", "Times that something was put into the queue")
QUEUE_RETRIES = Counter("workqueue_retries_total", "Times that something failed and is worked on again later")
RECONCILE_SECONDS = Histogram(
    "concierge_reconcile_time_seconds",
    "Time that one look at a tenant or class took",
    ["result"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
RECONCILES = Counter("concierge_reconcile_total", "Looks at tenants and classes", ["result"])
APPLIES = Counter("concierge_apply_total", "Rendered objects, by what came of them", ["kind", "result"])
DRIFT = Counter(
    "concierge_drift_corrected_total", "Objects of ours that were changed by others and put right", ["kind", "author"]
)
STATUS_WRITES = Counter("concierge_status_writes_total", "Times that a status was written")
TENANTS = Gauge("concierge_tenants", "Tenants known")
LEADER = Gauge("concierge_leader", "1 while this operator leads")
WATCH_AGE = Gauge("concierge_watch_age_seconds", "Since a watch last said anything, bookmarks included", ["kind"])
REQUESTS = Counter("concierge_cluster_requests_total", "Answers of the API server", ["verb", "code"])


class Conditions(Collector):
    """`concierge_tenant_condition`: 1 for the status that each condition has. One tuple a tenant, not ten metrics."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}

    def tell(self, namespace: str, tenant: str, conditions: Iterable[Condition]) -> None:
        """These hold now."""
        self._of[namespace, tenant] = tuple((one.type, one.status) for one in conditions)

    def forget(self, namespace: str, tenant: str) -> None:
        """The tenant is gone."""
        self._of.pop((namespace, tenant), None)

    def collect(self) -> Iterator[Metric]:
        """As Prometheus asks."""
        labels = ["namespace", "tenant", "type", "status"]
        family = GaugeMetricFamily("concierge_tenant_condition", "1 for the status that a condition has", labels=labels)
        for (namespace, tenant), told in self._of.items():
            for kind, status in told:
                family.add_metric([namespace, tenant, kind, status], 1)
        yield family


CONDITIONS = Conditions()
REGISTRY.register(CONDITIONS)
