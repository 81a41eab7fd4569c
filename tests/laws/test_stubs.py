"""The committed stubs of what is compiled are current."""

from __future__ import annotations

import pytest

from kedge.serve.channels import is_native_built
from tests.laws.stub import MODULES, committed, generate


@pytest.mark.parametrize("module", MODULES)
def test_the_stub_is_current(module: str) -> None:
    if module == "_channel" and not is_native_built():
        pytest.skip("gRPC's C++ library is not here")
    assert committed(module).read_text() == generate(module), "run `.ci/run generate`"
