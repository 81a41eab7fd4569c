"""What `kedge demo` shows of the service, on each transport."""

from __future__ import annotations

import pytest

from kedge.serve import demo


def test_the_worse_version_goes_and_the_shift_is_found(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if transport == "grpcio":
        monkeypatch.setattr("kedge.serve.demo.program", lambda: None)
    result = demo.run(3)
    assert result.found
    assert result.server.startswith({"grpcio": "grpcio", "grpc++": "kedge-serve"}[transport])
    assert min(result.labelled, result.shifted, result.p50_us) > 0
    assert not demo.ServedResult(**{**vars(result), "rolled_back": ""}).found
    assert not demo.ServedResult(**{**vars(result), "false_alarms": ["discount"]}).found
