"""All stories, by the area of the catalogue that their kinds belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.exception_stories import accounts, kits, listings, money, orders, platforms, returns, sales, stock
from tests.exception_stories import double_submits as repeats
from tests.exception_stories import monitoring as watching
from tests.exception_stories import orphaned_sales as lone_sales
from tests.exception_stories.story import Noted, Story

BY_AREA: Mapping[str, Sequence[Story | Noted]] = {
    "Orders": [*orders.STORIES, *repeats.STORIES],
    "Money": [*money.STORIES, *accounts.STORIES],
    "Sales": [*sales.STORIES, *lone_sales.STORIES],
    "Returns": returns.STORIES,
    "Stock": [*stock.STORIES, *kits.STORIES],
    "Catalogue": listings.STORIES,
    "Monitors": watching.STORIES,
    "Platforms": platforms.STORIES,
}
"""Area as `weighbridge.domain.exceptions.kinds.BY_AREA` names it -> its stories."""


def named(story: Story | Noted) -> str:
    """The name of a story's test: its kind, and its own name where the kind has several."""
    return "-".join([str(story.kind), *story.name.split()])
