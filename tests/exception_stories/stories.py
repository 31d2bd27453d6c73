"""All stories, by the area of their kinds in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.exception_stories import (
    accounts,
    double_submits,
    kits,
    listings,
    money,
    monitoring,
    orders,
    orphaned_sales,
    platforms,
    returns,
    sales,
    stock,
)
from tests.exception_stories.story import Noted, Story

BY_AREA: Mapping[str, Sequence[Story | Noted]] = {
    "Orders": [*orders.STORIES, *double_submits.STORIES],
    "Money": [*money.STORIES, *accounts.STORIES],
    "Sales": [*sales.STORIES, *orphaned_sales.STORIES],
    "Returns": returns.STORIES,
    "Stock": [*stock.STORIES, *kits.STORIES],
    "Catalogue": listings.STORIES,
    "Monitors": monitoring.STORIES,
    "Platforms": platforms.STORIES,
}
"""Area, by its name in `weighbridge.domain.exceptions.kinds.BY_AREA`, -> its stories."""


def named(story: Story | Noted) -> str:
    """The name of a story's test: its kind, with the story's name where the kind has several."""
    return "-".join([str(story.kind), *story.name.split()])
