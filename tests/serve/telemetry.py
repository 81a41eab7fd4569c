"""OpenTelemetry's own messages of spans.

Ray takes their package for all of OpenTelemetry and does not start beside it, so it is in the extra
`conformance`, and tests that read them are skipped where that is not installed.
"""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["ExportTraceServiceRequest", "ExportTraceServiceResponse", "ScopeSpans", "Span"]

_PACKAGE = "opentelemetry.proto"
_REASON = "kedge[conformance] is an optional extra; .ci/run engines installs it"
_calls: Any = pytest.importorskip(
    f"{_PACKAGE}.collector.trace.v1.trace_service_pb2", reason=_REASON
)
_spans: Any = pytest.importorskip(f"{_PACKAGE}.trace.v1.trace_pb2", reason=_REASON)

ExportTraceServiceRequest: Any = _calls.ExportTraceServiceRequest
ExportTraceServiceResponse: Any = _calls.ExportTraceServiceResponse
ScopeSpans: Any = _spans.ScopeSpans
Span: Any = _spans.Span
