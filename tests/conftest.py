"""Settings of the property tests: no deadline, and in CI the same examples in every run."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("kedge", deadline=None, derandomize="CI" in os.environ)
# For what runs once more: under sanitizers, where a test takes ten times as long, or as scalar.
settings.register_profile("brief", settings.get_profile("kedge"), max_examples=10)
settings.load_profile("kedge")
