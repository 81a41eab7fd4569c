"""Settings of the property tests: no deadline, and in CI the same examples in every run."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("kedge", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("kedge")
