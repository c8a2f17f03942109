"""Two hotels in one cluster, from `helm install` and `kubectl apply` to a guest's answer in a browser."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Playwright, expect

from browser_pages import GuestPage, StaffPage
from hotel import Hotel, tenant_document
from node import parts
from node.site import Site, leads
from rendered import ROOT

# The first test of a run waits for a node, an operator and two hotels.
pytestmark = pytest.mark.timeout(900)
READY_SECONDS = 420
# Pods that share two cores with a browser and a control plane are slower than a house of their own.
expect.set_options(timeout=30_000)
BREAKFAST = "When is breakfast served?"


@dataclass(frozen=True)
class RunningHotel:
    """One that guests can reach."""

    hotel: Hotel
    host: str
    breakfast: str
    """What it alone says of breakfast."""

    @property
    def url(self) -> str:
        """As guests write it."""
        return f"https://{self.host}"

    @property
    def email(self) -> str:
        """The first account's."""
        return str(self.hotel.list("ct")[0]["spec"]["admin"]["firstAccount"]["email"])

    @cached_property
    def password(self) -> str:
        """The first account's, where the operator left it."""
        secret = self.hotel.get("secret", "concierge-generated")
        assert secret is not None
        return base64.b64decode(secret["data"]["first-account-password"]).decode()


def applied(site: Site, name: str, host: str, breakfast: str, **spec: Any) -> RunningHotel:
    """A namespace, and in it all that stands in the manifest's file: tenant and knowledge."""
    documents = list(yaml.safe_load_all((ROOT / "manifests" / f"{name}.yaml").read_text(encoding="utf-8")))
    hotel = Hotel(site.cluster, f"test-{name}")
    for document in documents:
        document["metadata"]["namespace"] = hotel.namespace
    knowledge = (document for document in documents if document["kind"] != "ConciergeTenant")
    site.cluster.apply(confined(hotel.namespace), *knowledge)
    return RunningHotel(hotel.apply(tenant_document(name), host=host, **site.spec, **spec), host, breakfast)


def confined(namespace: str) -> dict[str, Any]:
    """A namespace that takes no pod with more rights than a hotel's pods need."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}


@pytest.fixture(scope="module")
def strandhaus(site: Site) -> Iterator[RunningHotel]:
    """A family's hotel with an app a pod, reached through an HTTPRoute."""
    gateway = {"name": "public", "namespace": "gateways"}
    yield from until_the_end(
        applied(site, "strandhaus-ruegen", "strandhaus.example", "Strandhafer", gateway=gateway), site
    )


@pytest.fixture(scope="module")
def lindenhof(site: Site) -> Iterator[RunningHotel]:
    """An inn whose apps share a pod, reached through an Ingress."""
    account = {"firstAccount": {"email": "haus@lindenhof.example", "name": "Gerda Linde"}}
    way_in = {"gateway": {"ingressClass": "nginx"}, "profile": "compact", "admin": account}
    saved = {"enabled": True, "destination": "pvc:backups"}
    running = applied(site, "minimal", "lindenhof.example", "garden room", **way_in, backup=saved)
    site.cluster.apply(volume_claim("backups", running.hotel.namespace))
    yield from until_the_end(running, site)


def volume_claim(name: str, namespace: str) -> dict[str, Any]:
    """Of the cluster's default class."""
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def concierge(verb: str, running: RunningHotel, *more: str) -> str:
    """The command line, at this cluster; what it said. It must have succeeded."""
    where = ["--kubeconfig", str(running.hotel.plane.kubeconfig), "-n", running.hotel.namespace]
    command = [sys.executable, "-m", "concierge_cli.main", verb, running.hotel.name, *where, *more]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until_the_end(running: RunningHotel, site: Site) -> Iterator[RunningHotel]:
    """As it is; afterwards tenant, volumes and namespace are gone."""
    yield running
    site.cluster.kubectl("delete", "namespace", running.hotel.namespace, "--timeout=120s")


@pytest.fixture(scope="module")
def both(site: Site, strandhaus: RunningHotel, lindenhof: RunningHotel) -> list[RunningHotel]:
    """Both Ready, and the gateway leads to both."""
    ended = parts.stopwatch()
    hotels = [strandhaus, lindenhof]
    for each in hotels:
        each.hotel.is_ready(READY_SECONDS)
    assert set(site.gateway.follow()) >= {each.host for each in hotels}
    ended("bring up two hotels")
    return hotels


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, site: Site, both: list[RunningHotel]) -> Iterator[Browser]:
    """A browser that finds both hosts at the gateway."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    arguments = ["--no-sandbox", leads(site.gateway, [each.host for each in both])]
    browser = playwright.chromium.launch(executable_path=path, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[[RunningHotel], GuestPage]]:
    """A guest at a hotel's page. The gateway's certificate is of the test's own authority."""
    opened: list[GuestPage] = []

    def visit(hotel: RunningHotel) -> GuestPage:
        opened.append(GuestPage(chromium, hotel.url, ignore_https_errors=True))
        return opened[-1]

    yield visit
    for each in opened:
        each.context.close()


@pytest.fixture
def sign_in(chromium: Browser) -> Iterator[Callable[[RunningHotel], StaffPage]]:
    """A member of staff at a hotel's dashboard."""
    opened: list[StaffPage] = []

    def sign_in(hotel: RunningHotel) -> StaffPage:
        opened.append(StaffPage(chromium, hotel, ignore_https_errors=True))
        return opened[-1]

    yield sign_in
    for each in opened:
        each.context.close()


def test_guests_of_both_are_answered_from_their_own_houses_facts(both, visit):
    for hotel in both:
        guest = visit(hotel)
        guest.write(BREAKFAST)

        reply = guest.log.get_by_role("article").last
        expect(reply).to_contain_text(hotel.breakfast)
        expect(reply).to_contain_text("From:")


def test_staff_sign_in_with_the_password_that_the_operator_made_and_answer_a_guest(strandhaus, visit, sign_in):
    guest, staff = visit(strandhaus), sign_in(strandhaus)
    guest.write("May I bring my parrot?")
    expect(guest.log.get_by_role("article").last).to_contain_text("AI")

    staff.open_conversation("May I bring my parrot?")
    staff.page.get_by_role("button", name="Take over").click()
    staff.page.get_by_role("textbox", name="Reply").fill("Parrots are welcome, if they are quiet after ten.")
    staff.page.get_by_role("button", name="Send").click()

    guest.expect_said("Parrots are welcome")


def test_the_staff_of_one_see_nothing_of_the_other(strandhaus, lindenhof, visit, sign_in):
    for hotel, word in ((strandhaus, "beach"), (lindenhof, "barn")):
        guest = visit(hotel)
        guest.write(f"Is there a lamp on the way to the {word}?")
        expect(guest.log.get_by_role("article").last).to_contain_text("AI")

    for hotel, own, foreign in ((strandhaus, "beach", "barn"), (lindenhof, "barn", "beach")):
        page = sign_in(hotel).page
        page.goto(f"{hotel.url}/admin/?view=all")
        expect(page.get_by_text(f"the way to the {own}").first).to_be_visible()
        expect(page.get_by_text(f"the way to the {foreign}")).to_have_count(0)


def test_an_account_of_one_opens_nothing_at_the_other(strandhaus, lindenhof, chromium):
    context = chromium.new_context(ignore_https_errors=True, locale="en-GB")
    page = context.new_page()
    page.goto(f"{lindenhof.url}/admin/")
    page.get_by_label("E-mail").fill(strandhaus.email)
    page.get_by_label("Password").fill(strandhaus.password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("heading", name="Inbox")).to_have_count(0)
    context.close()


def test_a_guest_goes_on_when_the_pod_they_were_talking_to_is_gone(site: Site, strandhaus, visit):
    guest = visit(strandhaus)
    guest.write(BREAKFAST)
    expect(guest.log.get_by_role("article").last).to_contain_text(strandhaus.breakfast)

    strandhaus.hotel.kubectl("delete", "pod", "-l", "app.kubernetes.io/component=chat", "--wait=false")
    strandhaus.hotel.kubectl("rollout", "status", "deployment/concierge-chat", "--timeout=120s")
    guest.write("And when is check-out?")

    expect(guest.log.get_by_role("article").last).to_contain_text("11")
    guest.expect_said(strandhaus.breakfast)


def test_the_operator_says_where_the_house_is_reached(both):
    for each in both:
        each.hotel.wait(lambda each=each: each.hotel.condition("RouteReady").get("status") == "True")
        assert each.url in str(each.hotel.status["endpoints"])


def test_what_guests_wrote_before_a_backup_is_there_again_after_its_restore_and_nothing_later(
    lindenhof, visit, sign_in
):
    questions = ["Is there a lamp by the pond?", "Is there a swing in the yard?"]
    for question in questions:
        guest = visit(lindenhof)
        guest.write(question)
        expect(guest.log.get_by_role("article").last).to_contain_text("AI")
        if question is questions[0]:
            concierge("backup", lindenhof)
    told = concierge("restore", lindenhof, "--from", "latest", "--yes", "--no-backup")

    assert "The data is restored, and the house is open." in told
    page = sign_in(lindenhof).page
    page.goto(f"{lindenhof.url}/admin/?view=all")
    expect(page.get_by_text("lamp by the pond").first).to_be_visible()
    expect(page.get_by_text("swing in the yard")).to_have_count(0)
