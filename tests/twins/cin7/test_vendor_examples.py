"""The vendor's own example requests: each is understood or refused in the vendor's way, none makes a 500."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench
from tests.twins.cin7.vendor_documents import documents_needed, examples
from weighbridge_twins.cin7.routes import endpoint_of

pytestmark = documents_needed


def example_requests() -> list[Any]:
    return [
        pytest.param(one["path"], request, id=f"{one['method']} {one['path']} {number}")
        for one in examples()
        if endpoint_of(one["path"])
        for number, request in enumerate(one["requests"])
    ]


@pytest.mark.parametrize(("path", "request_body"), example_requests())
def test_every_example_request_is_understood(path: str, request_body: Any) -> None:
    bench = Bench()
    for method in ("POST", "PUT"):
        for body in request_body if isinstance(request_body, list) else [request_body]:
            answer = bench.call(method, path, body)
            assert answer.status in (200, 400, 405), answer.body
            if answer.status == 400:
                assert all(set(row) == {"ErrorCode", "Exception"} for row in answer.body)
