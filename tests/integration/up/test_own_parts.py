"""What the YAML says about the house's own parts is honoured: database, Redis, traces, errors, log level."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from receivers import Collector, ErrorReports, listening

MINIMAL = Path(__file__).parents[3] / "manifests" / "minimal.yaml"
EXTERNAL = {
    "postgres": {"mode": "external", "urlSecret": {"name": "own-parts", "key": "database"}},
    "redis": {"mode": "external", "urlSecret": {"name": "own-parts", "key": "redis"}},
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """The smallest hotel with more in its `spec`."""

    def write(**more: object) -> Path:
        documents = list(yaml.safe_load_all(MINIMAL.read_text("utf-8")))
        documents[0]["spec"] |= more
        file = tmp_path / "hotel.yaml"
        file.write_text(yaml.safe_dump_all(documents, allow_unicode=True), "utf-8")
        return file

    return write


@pytest.fixture
def collector() -> Iterator[tuple[Collector, int]]:
    spans = Collector()
    with listening(spans.receive) as port:
        yield spans, port


@pytest.fixture
def reports() -> Iterator[tuple[ErrorReports, int]]:
    errors = ErrorReports()
    with listening(errors.receive) as port:
        yield errors, port


@pytest.mark.timeout(240)
def test_your_own_database_and_redis_are_used_when_their_secrets_are_found(
    start_house, written, family_of, valkey_url, empty_postgres_url, tmp_path
):
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text(yaml.safe_dump({"own-parts": {"database": empty_postgres_url, "redis": valkey_url}}))

    house = start_house(written(**EXTERNAL), env={"CONCIERGE_SECRETS_FILE": str(secrets)})

    assert not family_of(house.process.pid).with_word("valkey-server")
    assert not list(house.data.rglob("*.db"))
    assert "Note" not in house.output()
    assert house.stop() == 0


@pytest.mark.timeout(240)
def test_without_their_secrets_the_bundled_ones_are_used_and_that_is_said(
    start_house, written, family_of, concierge, tmp_path
):
    hotel = written(**EXTERNAL)
    house = start_house(hotel)
    looked = concierge("doctor", "-f", hotel, "--data", house.data)

    assert family_of(house.process.pid).with_word("valkey-server")
    assert list(house.data.rglob("*.db"))
    notes = [line for line in house.output().splitlines() if line.startswith("  Note ")]
    assert [line.split()[1] for line in notes] == ["spec.postgres.urlSecret:", "spec.redis.urlSecret:"]
    assert 'put "own-parts: {database: …}" into the file given by --secrets' in notes[0]
    assert "the secret own-parts/redis is not there" in looked.stdout
    assert house.stop() == 0


def test_a_database_in_a_secret_that_does_not_answer_is_one_sentence_and_2(concierge, written, tmp_path):
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("own-parts: {database: 'postgresql://user:pass-word@127.0.0.1:1/none'}")
    hotel = written(postgres=EXTERNAL["postgres"])

    ended = concierge("up", "-f", hotel, "--data", tmp_path / "data", "--secrets", secrets)
    looked = concierge("doctor", "-f", hotel, "--data", tmp_path / "data", "--secrets", secrets)
    listed = concierge("staff", "list", "-f", hotel, "--data", tmp_path / "data", "--secrets", secrets)

    assert ended.returncode == 2
    assert ended.stderr.startswith("spec.postgres.urlSecret: no database answers there; check the address")
    assert len(ended.stderr.splitlines()) == 1
    assert "problem  pension-lindenhof: spec.postgres.urlSecret: no database answers there" in looked.stdout
    assert listed.returncode == 1
    assert "spec.postgres.urlSecret: no database answers there" in listed.stderr
    assert "pass-word" not in ended.stderr + ended.stdout + looked.stdout + listed.stderr


@pytest.mark.timeout(240)
async def test_traces_and_errors_go_where_the_yaml_says(start_house, written, guest_of, collector, reports, eventually):
    (spans, otlp), (errors, sentry) = collector, reports
    hotel = written(
        observability={
            "otlpEndpoint": f"http://127.0.0.1:{otlp}/",
            "logLevel": "WARNING",
            "sentryDsnSecret": {"name": "sentry", "key": "dsn"},
        },
        # Its password is nowhere: the mail about the hand-off is given up, which is an error to report.
        notifications={
            "smtp": {
                "host": "127.0.0.1",
                "username": "desk",
                "passwordSecret": {"name": "smtp", "key": "password"},
                "fromAddress": "concierge@lindenhof.example",
            },
            "handoffEmails": ["desk@lindenhof.example"],
        },
    )
    env = {"CONCIERGE_SECRET_SENTRY_DSN": f"http://key@127.0.0.1:{sentry}/7", "OTEL_BSP_SCHEDULE_DELAY": "200"}
    house = start_house(hotel, env=env)

    async with guest_of(house.url).connected() as guest:
        await guest.write("I'd like to talk to a person, my secret word is xylophone")
        await guest.reply()
        spans.wait_for("guest_message", "turn", "POST ai")
        reported = errors.wait_for(b"task_given_up")

    assert spans.paths == {"/v1/traces"}
    assert b"xylophone" not in reported + spans.raw
    eventually(lambda: "worker reports: task_given_up" in house.output())
    levels = {line["level"] for line in _log(house.data, "worker") + _log(house.data, "web")}
    assert "info" not in levels
    assert "error" in levels
    assert house.stop() == 0


@pytest.mark.timeout(240)
async def test_the_standard_variables_win_and_no_trace_is_a_choice(start_house, written, guest_of, collector):
    spans, port = collector
    hotel = written(observability={"otlpEndpoint": "http://127.0.0.1:9", "traceSampleRatio": 0.0})
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "100"}

    house = start_house(hotel, env={**env, "OTEL_TRACES_SAMPLER": "always_on"})
    async with guest_of(house.url).connected() as guest:
        await guest.write("When is breakfast?")
        await guest.reply()
    spans.wait_for("guest_message", "turn", "POST ai")
    assert house.stop() == 0

    spans.traces.clear()
    house = start_house(hotel, env=env)
    async with guest_of(house.url).connected() as guest:
        await guest.write("When is breakfast?")
        await guest.reply()
    assert house.stop() == 0  # what was sampled would be exported at the end at the latest
    assert not spans.traces


def _log(data: Path, part: str) -> list[dict[str, object]]:
    lines = [line for log in data.rglob(f"log/{part}.log") for line in log.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]
