"""Serves many pairs of twins in one process; each line of its output announces one pair. Ends when its input ends."""

from __future__ import annotations

import asyncio
import json
import sys

from weighbridge_twins.http.serving import RunningTwins, ServeOptions, serve


async def serve_pairs(pairs: int) -> None:
    """Serves `pairs` pairs of twins at the machine's own time, until the input ends."""
    stop = asyncio.Event()

    def announce(twins: RunningTwins) -> None:
        sys.stdout.write(json.dumps(twins.announcement()) + "\n")
        sys.stdout.flush()

    serving = [asyncio.create_task(serve(ServeOptions(seed=number), announce, stop)) for number in range(1, pairs + 1)]
    await asyncio.to_thread(sys.stdin.read)
    stop.set()
    await asyncio.gather(*serving)


if __name__ == "__main__":
    asyncio.run(serve_pairs(int(sys.argv[1])))
