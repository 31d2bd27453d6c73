"""The vendor's example requests: each is accepted or refused in the vendor's form; none causes a 500."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench
from tests.twins.cin7.vendor_documents import documents_needed, examples
from weighbridge_twins.cin7.routes import endpoint_of

pytestmark = documents_needed


def example_requests() -> list[Any]:
    return [
        pytest.param(example["path"], request, id=f"{example['method']} {example['path']} {number}")
        for example in examples()
        if endpoint_of(example["path"])
        for number, request in enumerate(example["requests"])
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
