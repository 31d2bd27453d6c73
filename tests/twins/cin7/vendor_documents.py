"""The vendor's own descriptions and examples, where they come with the source."""

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
    """Every operation with its example requests and answers; none without the documents."""
    files = sorted(EXAMPLES.glob("*.json")) if EXAMPLES.is_dir() else []
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def problems_of(method: str, path: str, query: dict[str, str], request: Any, status: int, response: Any) -> list[str]:
    """What the descriptions hold against one exchange."""
    found = _check()("cin7", method, path, query, request, status, response)
    return [problem for problem in found if not _stands_in_an_example(path, problem)]


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
        one["path"]: json.dumps([one["requests"], one["responses"]]) for one in examples() if one["method"] == "GET"
    }


def _stands_in_an_example(path: str, problem: str) -> bool:
    """The examples keep the bodies of POST and PUT beside the answers of GET, where the check does not look."""
    name, _, reason = problem.partition("] request ")[2].partition(": ")
    bodies = _bodies_in_examples().get(path.removeprefix(PREFIX), "")
    return reason.startswith("property in no vendor table") and f'"{name}":' in bodies
