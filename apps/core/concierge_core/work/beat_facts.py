"""What beat has to know, handed from the process that read the configuration to the one that it becomes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

VARIABLE = "CONCIERGE_BEAT_FACTS"


@dataclass(frozen=True, slots=True)
class BeatFacts:
    """Checked values; the names are those of `Settings` and `WorkSettings`."""

    code: str
    redis_url: str
    log_format: str
    log_level: str
    visibility_timeout_seconds: float
    restore_interval_seconds: float
    send_timeout_seconds: float
    beat_lease_seconds: float
    rollup_interval_seconds: float
    retention_interval_seconds: float
    data_dir: str
    """Where its pulse is (`alive`)."""

    def to_environment(self) -> dict[str, str]:
        """As an environment for the process to become."""
        return {**os.environ, VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> BeatFacts:
        """The inverse; KeyError when beat was not begun by `concierge_core.work.beat`."""
        return cls(**json.loads(environment[VARIABLE]))
