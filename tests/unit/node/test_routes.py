"""The stand-in gateway leads where the rendered route says."""

from __future__ import annotations

import pytest

from concierge_core.tenant.cluster import Gateway
from concierge_operator.render import render
from node.routes import Backend, Listener, Way, nginx, ways
from rendered import MANIFESTS, context, property_of

AT = Listener("10.0.0.1", 443, certificate="/certificates/{}.pem".format)
STRANDHAUS = next(path for path in MANIFESTS if path.stem == "strandhaus-ruegen")
HOST = "chat.example"


def configured(*said: tuple[str, str]) -> str:
    """One host's configuration, its prefixes leading to Services of these names."""
    each = [Way(prefix, Backend("hotel", service, 8080)) for prefix, service in said]
    return nginx({HOST: each}, at=AT, folder="/folder", address_of=lambda b: f"{b.service}.{b.namespace}:{b.port}")


def routed(**gateway: str) -> dict[str, list[Way]]:
    """What is rendered for a property that is reached this way."""
    tenant = property_of(STRANDHAUS)
    spec = tenant.spec.model_copy(update={"host": HOST, "gateway": Gateway.model_validate(gateway)})
    return ways(render(context(tenant.model_copy(update={"spec": spec}))).all)


def test_a_rendered_http_route_leads_each_path_to_its_app():
    found = routed(name="public")

    assert list(found) == [HOST]
    assert Way("/admin", Backend("strandhaus-ruegen", "concierge-admin", 8080)) in found[HOST]
    assert found[HOST][-1] == Way("/", Backend("strandhaus-ruegen", "concierge-chat", 8080))


def test_an_ingress_says_the_same_as_an_http_route():
    assert routed(ingressClass="nginx") == routed(name="public")


def test_a_path_leads_there_with_all_below_it_and_nothing_beside_it():
    text = configured(("/voice", "voice"), ("/", "chat"))

    assert "location = /voice { proxy_pass http://voice.hotel:8080; }" in text
    assert "location /voice/ { proxy_pass http://voice.hotel:8080; }" in text
    assert "location / { proxy_pass http://chat.hotel:8080; }" in text


def test_a_path_that_no_route_names_is_not_found():
    assert "location / { return 404; }" in configured(("/voice", "voice"))
    assert "404" not in configured(("/", "chat"))


def test_each_host_shows_its_own_certificate_and_an_unknown_one_is_not_greeted():
    text = configured(("/", "chat"))

    assert f"server_name {HOST};" in text
    assert f"ssl_certificate /certificates/{HOST}.pem;" in text
    assert "ssl_reject_handshake on;" in text


def test_sockets_are_handed_through_as_sockets():
    text = configured(("/", "chat"))

    assert "proxy_set_header Upgrade $http_upgrade;" in text
    assert "proxy_set_header Connection $connection_wanted;" in text


@pytest.mark.parametrize("kind", ["Service", "Deployment"])
def test_what_is_no_route_says_nothing(kind):
    assert ways([{"kind": kind, "metadata": {"name": "x", "namespace": "y"}}]) == {}
