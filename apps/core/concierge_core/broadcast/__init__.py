"""Fan-out of events within a process (`hub`) and between processes (`redis`). The database stays the truth."""

from concierge_core.broadcast.hub import LocalBroadcast
from concierge_core.broadcast.redis import RedisBroadcast

__all__ = ["LocalBroadcast", "RedisBroadcast"]
