"""A real Celery consumer that is stuck is noticed; one that waits for its broker is let wait."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

WORKER = """
import os, sys, threading, time
from celery import signals
from concierge_core.settings import Settings
from concierge_core.work import rounds
from concierge_core.work.celery_app import make_celery
from concierge_core.work.consuming import consume
from concierge_core.work.work_settings import WorkSettings

rounds.BEAT_SECONDS, rounds.LONGEST_SILENCE_SECONDS = 0.1, 1.0
app = make_celery(Settings(redis_url=sys.argv[1]), WorkSettings(), code="rounds", waits_for_broker=True)
watched = rounds.Rounds()
rounds.watch(app, watched)
ready = threading.Event()
consumers = []
signals.worker_ready.connect(lambda sender, **_: (consumers.append(sender), ready.set()), weak=False)

def look():
    ready.wait()
    say("begins", not watched.hangs)
    consumers[0].timer.call_after(0, lambda: time.sleep(2))
    until("is stuck", lambda: watched.hangs)
    until("goes on", lambda: not watched.hangs)
    sys.stdin.readline()
    until("waits", lambda: not watched.expected)
    say("is no hanger", not watched.hangs)
    os._exit(0)

def until(what, condition):
    while not condition():
        time.sleep(0.02)
    say(what, True)

def say(what, true):
    # One write with both its ends: the log's own thread may be in the middle of a line.
    os.write(1, f"\\n{what if true else 'not: ' + what}\\n".encode())

threading.Thread(target=look, daemon=True).start()
consume(app)
"""


def test_a_consumer_that_is_stuck_hangs_and_one_without_a_broker_waits(valkey: Any) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, valkey.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdin
        assert process.stdout
        connected = [_line(process.stdout) for _ in range(3)]
        valkey.kill()
        process.stdin.write("\n")
        process.stdin.flush()
        alone = [_line(process.stdout) for _ in range(2)]
    finally:
        process.kill()
        process.communicate()

    assert connected == ["begins", "is stuck", "goes on"]
    assert alone == ["waits", "is no hanger"]


def _line(stream: Any) -> str:
    """The next thing it says about itself, leaving out what the log does."""
    known = ("begins", "is stuck", "goes on", "waits", "is no hanger")
    return next(line.strip() for line in stream if line.strip().removeprefix("not: ") in known)
