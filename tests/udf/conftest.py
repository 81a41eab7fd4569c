"""Assertions of the shared checks tell what differs, as those of the tests do."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.window.agreement")
