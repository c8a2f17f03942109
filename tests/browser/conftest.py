"""What holds for every browser test."""

from __future__ import annotations

from playwright.sync_api import expect

# Long enough for a busy machine, and shorter than the thirty seconds after which a list renews itself unasked.
expect.set_options(timeout=15_000)
