"""The platforms' answers show when this machine's clock is wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.platforms.scripted_server import Reply, scripted
from tests.platforms.test_http_client import FAST
from weighbridge.domain.lanes import Lane
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.platforms.budget import Budget
from weighbridge.platforms.cin7.api_profile import Cin7ApiProfile
from weighbridge.platforms.clock_offsets import ANSWERS, ClockOffsets
from weighbridge.platforms.http_client import HttpClient

AHEAD = timedelta(minutes=10)


def _reply(ahead: timedelta, **headers: str) -> Reply:
    date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
    return Reply(body=b'{"id": 1, "name": "x"}', headers={"content-type": "application/json", "date": date, **headers})


def _offsets_after(folder: Path, *replies: Reply) -> dict[str, timedelta]:
    """The offsets after one call for each reply of a real server."""

    async def work() -> dict[str, timedelta]:
        database, offsets = Database(f"sqlite:///{folder}/weighbridge.db"), ClockOffsets()
        await database.create_tables()
        budget = Budget(database, FAST, "test")
        async with scripted(*replies) as server:
            http = HttpClient(
                Cin7ApiProfile(), server.url, {}, connection="main", clock=FAST, budget=budget,
                recorder=Repositories.of(database, FAST).http_log, dated_answers=offsets.answers_of("cin7"),
            )  # fmt: skip
            for _ in replies:
                await http.read("thing", None, lane=Lane.ORDERS)
            await http.close()
        await database.close()
        return offsets.by_platform()

    return asyncio.run(work())


def test_a_platform_whose_clock_is_ahead_of_ours_is_noticed(tmp_path: Path) -> None:
    offsets = _offsets_after(tmp_path, *[_reply(AHEAD)] * ANSWERS)
    assert abs(offsets["cin7"] - AHEAD) < timedelta(minutes=1)


def test_one_odd_answer_says_nothing(tmp_path: Path) -> None:
    replies = [_reply(timedelta(0))] * (ANSWERS - 1)
    offsets = _offsets_after(tmp_path, *replies, _reply(AHEAD))
    assert abs(offsets["cin7"]) < timedelta(minutes=1)


@pytest.mark.parametrize("headers", [{"age": "600"}, {"date": "yesterday"}], ids=["from a cache", "no date"])
def test_an_answer_without_a_usable_time_is_ignored(tmp_path: Path, headers: dict[str, str]) -> None:
    assert _offsets_after(tmp_path, *[_reply(AHEAD, **headers)] * ANSWERS) == {}
