"""The vendor's API descriptions and examples, if they are present beside the source."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SPECS = Path(__file__).parents[3].parent / "shared" / "specs"
EXAMPLES = SPECS / "examples" / "cin7-core"
PREFIX = "/ExternalApi/v2"
documents_needed = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="shared documents are not here")


def examples() -> list[dict[str, Any]]:
    """Returns every operation with its example requests and answers; empty without the documents."""
    files = sorted(EXAMPLES.glob("*.json")) if EXAMPLES.is_dir() else []
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def problems_of(method: str, path: str, query: dict[str, str], request: Any, status: int, response: Any) -> list[str]:
    """Returns the problems of one exchange by the descriptions."""
    problems = _check()("cin7", method, path, query, request, status, response)
    return [problem for problem in problems if not _is_in_an_example(path, problem)]


@cache
def _check() -> Callable[..., list[str]]:
    spec = importlib.util.spec_from_file_location("speccheck", SPECS / "speccheck.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[..., list[str]] = module.violations
    return check


@cache
def _bodies_in_examples() -> dict[str, str]:
    return {
        example["path"]: json.dumps([example["requests"], example["responses"]])
        for example in examples()
        if example["method"] == "GET"
    }


def _is_in_an_example(path: str, problem: str) -> bool:
    """Tells whether the examples contain the path: they keep POST and PUT bodies with GET, which the check skips."""
    name, _, reason = problem.partition("] request ")[2].partition(": ")
    bodies = _bodies_in_examples().get(path.removeprefix(PREFIX), "")
    return reason.startswith("property in no vendor table") and f'"{name}":' in bodies
