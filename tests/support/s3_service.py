"""An S3 service on loopback that checks every signature, with one bucket and one user who may use it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from running_house import free_port

BUCKET = "backups"
_OPEN_REQUESTS = "3"
"""So many requests may come unsigned: those that make the user."""


@dataclass(frozen=True)
class S3Service:
    """Where it listens, and who may use it."""

    url: str
    key_id: str
    secret: str

    @property
    def credentials(self) -> dict[str, str]:
        """As a Secret of the tenant's would have them."""
        return {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}

    def client(self, service: str = "s3") -> Any:
        """A client of another make than the one under test."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
        )

    def names(self) -> list[str]:
        """Keys of all objects."""
        return [entry["Key"] for entry in self.client().list_objects_v2(Bucket=BUCKET).get("Contents", ())]


@contextmanager
def s3_service() -> Iterator[S3Service]:
    """While it runs."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": _OPEN_REQUESTS}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield _with_user(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def _with_user(url: str) -> S3Service:
    iam = S3Service(url, "nobody", "yet").client("iam")
    iam.create_user(UserName="hotel")
    made = iam.create_access_key(UserName="hotel")["AccessKey"]
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName="hotel", PolicyName="backups", PolicyDocument=policy)
    service = S3Service(url, made["AccessKeyId"], made["SecretAccessKey"])
    service.client().create_bucket(Bucket=BUCKET)
    return service


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the S3 service did not start"
            time.sleep(0.05)
