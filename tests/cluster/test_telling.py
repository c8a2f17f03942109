"""What is told of a tenant is told of the tenant as it is now: what others wrote meanwhile is not taken back."""

from __future__ import annotations

import json

import pytest

from concierge_core.clock import SystemClock
from concierge_operator import names
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import TENANTS
from concierge_operator.refusals import Retry
from concierge_operator.status_model import TenantStatus
from concierge_operator.telling import Teller
from control_plane import ControlPlane
from hotel import Hotel


async def test_a_status_that_was_decided_before_a_class_gave_a_version_takes_the_version_not_back(
    lone_plane: ControlPlane, lone_hotel: Hotel
) -> None:
    seen = lone_hotel.apply().list("ct")[0]
    status = json.dumps({"status": {"assignedVersion": "1.1.0"}})
    lone_hotel.kubectl("patch", "ct", lone_hotel.name, "--subresource=status", "--type=merge", "-p", status)

    async with Cluster(lone_plane.configuration()) as cluster:
        teller = Teller(cluster, SystemClock(), "test")
        with pytest.raises(Retry):
            await teller.status(TENANTS, seen, TenantStatus(assigned_version="1.0.0"), manager=names.STATUS_MANAGER)

    assert lone_hotel.status == {"assignedVersion": "1.1.0"}


async def test_a_status_of_the_tenant_as_it_is_is_written_once(lone_plane: ControlPlane, lone_hotel: Hotel) -> None:
    seen = lone_hotel.apply().list("ct")[0]

    async with Cluster(lone_plane.configuration()) as cluster:
        teller = Teller(cluster, SystemClock(), "test")
        told = TenantStatus(version="1.0.0")
        live = await teller.status(TENANTS, seen, told, manager=names.STATUS_MANAGER)
        assert live is not None
        again = await teller.status(TENANTS, live, told, manager=names.STATUS_MANAGER)

    assert again is None
    assert lone_hotel.status["version"] == "1.0.0"
