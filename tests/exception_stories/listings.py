"""Stories of the catalogue: products of Cin7 that cannot be listed in the store, or only in part."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from tests.exception_stories.actions import accept, retry
from tests.exception_stories.catalogue import (
    SCARVES,
    as_catalogue,
    compared,
    family,
    jar_is_gone,
    jar_stays_gone,
    listed,
    numbers_of_scarves,
    picture_is_replaced,
    prices_with_tax,
    product,
    put_right,
    scarves_are_joined,
    separate_scarves,
    sold_cheaper,
    tier_is_renamed,
    trade_has_the_list,
    trade_is_a_group,
    variants_of,
    wholesale_without_a_group,
    with_a_picture_nowhere,
)
from tests.exception_stories.story import FINANCE, NOT_FOUND, Noted, Setting, Story
from tests.flows.catalogue.harness import catalogue_harness, mug
from tests.flows.harness import Harness
from weighbridge.domain.findings.kind import FindingKind

WHOLESALE = """
[connections.main.design.catalogue.price_lists]
"Tier 2" = { price_list = "Wholesale", customer_group = "Trade" }
"""
LONG_BARCODE = "4006381333931-4006381333948"


def catalogue_run(trial: Harness) -> None:
    """Reads and compares both catalogues in full, and writes the differences that the design allows."""
    as_catalogue(trial).sync()


def first_sync_done(trial: Harness) -> None:
    """The first sync was reviewed and accepted: the store lists mugs, cups and jars."""
    as_catalogue(trial).stock_up(mug(), mug(sku="CUP", name="Cup"), mug(sku="JAR", name="Jar"))
    as_catalogue(trial).first_sync()


LISTED = Setting("listings", lambda folder: catalogue_harness(folder, design=WHOLESALE), first_sync_done)
UNLIKE = Setting("terms", catalogue_harness)
RENAMED = Setting("tiers", lambda folder: catalogue_harness(folder, design='price_tier = "Retail"\n'))
UNREAD = Setting("first listings", catalogue_harness)
catalogue_story = partial(Story, found_by=catalogue_run, proven_by=catalogue_run, money="none", proof=NOT_FOUND)
"""A story that starts and ends with a run of the catalogue flow."""


STORIES: list[Story | Noted] = [
    catalogue_story(
        kind=FindingKind.PRICE_MISSING,
        setting=LISTED,
        cause=product("JUG", tier_price="0"),
        title="JUG has no price",
        owner="finance",
        field="JUG.price",
        value="0",
        fix=put_right("JUG", tier_price="8.00"),
        action=retry(FINANCE),
        ends=listed("JUG", price=Decimal(8)),
    ),
    catalogue_story(
        kind=FindingKind.PRICE_TERMS_DIFFER,
        setting=UNLIKE,
        cause=prices_with_tax,
        title="Prices of store and design differ in tax: true",
        owner="finance",
        field="store.is_price_entered_with_tax",
        value="true",
        fix=lambda trial, key: prices_with_tax(trial, so=False),
        action=retry(FINANCE),
        ends=compared,
    ),
    catalogue_story(
        kind=FindingKind.PRICE_TIER_UNKNOWN,
        setting=RENAMED,
        cause=lambda trial: "Retail",
        title="Cin7 has no price tier Retail",
        owner="finance",
        field="design.catalogue",
        value="Retail",
        fix=tier_is_renamed,
        action=retry(FINANCE),
        ends=compared,
    ),
    catalogue_story(
        kind=FindingKind.CUSTOMER_GROUP_UNKNOWN,
        setting=LISTED,
        cause=wholesale_without_a_group,
        title="The store has no customer group Trade",
        owner="ecommerce",
        field="customer_group of Wholesale",
        value="Trade",
        fix=trade_is_a_group,
        action=retry(),
        ends=trade_has_the_list,
    ),
    catalogue_story(
        kind=FindingKind.BARCODE_UNUSABLE,
        setting=LISTED,
        cause=product("BOWL", barcode=LONG_BARCODE),
        title=f"The barcode of BOWL is not valid: {LONG_BARCODE}",
        owner="ecommerce",
        field="BOWL.Barcode",
        value=LONG_BARCODE,
        fix=put_right("BOWL", barcode="4006381333948"),
        action=retry(),
        ends=listed("BOWL", upc="4006381333948"),
    ),
    catalogue_story(
        kind=FindingKind.IMAGE_UNUSABLE,
        setting=LISTED,
        cause=with_a_picture_nowhere,
        title="A picture of PLATE cannot be used: /files/plate.jpg",
        owner="ecommerce",
        field="image plate.jpg",
        value="/files/plate.jpg",
        fix=picture_is_replaced,
        action=retry(),
        ends=listed("PLATE", price=Decimal("12.50")),
    ),
    catalogue_story(
        kind=FindingKind.FAMILY_UNUSABLE,
        setting=LISTED,
        cause=family("HAT", [""], {"HAT-S": [""], "HAT-L": [""]}),
        title="Family HAT cannot become a product with variants",
        owner="ecommerce",
        field="family HAT.Option1Name",
        value="nothing",
        fix=lambda trial, key: family("HAT", ["Size"], {"HAT-S": ["S"], "HAT-L": ["L"]})(trial),
        action=retry(),
        ends=variants_of("HAT", "HAT-S", "HAT-L"),
    ),
    catalogue_story(
        kind=FindingKind.FAMILY_SPLIT,
        setting=LISTED,
        cause=separate_scarves,
        title="The members of family SCARF are several products in the store",
        owner="ecommerce",
        field="family SCARF in the store",
        value=numbers_of_scarves,
        fix=scarves_are_joined,
        action=retry(),
        ends=variants_of("SCARF", *SCARVES),
    ),
    catalogue_story(
        kind=FindingKind.LISTING_GONE,
        setting=LISTED,
        cause=jar_is_gone,
        title="The listing of JAR was deleted in the store",
        owner="ecommerce",
        field="store product {key}",
        value="deleted",
        fix=put_right("JAR", status="Deprecated"),
        action=retry(),
        ends=jar_stays_gone,
    ),
    catalogue_story(
        kind=FindingKind.STORE_EDIT_OVERWRITTEN,
        setting=LISTED,
        cause=sold_cheaper,
        title="An edit in the store was overwritten: CUP.price",
        owner="ecommerce",
        field="CUP.price",
        value="9.99",
        action=accept("staff know now that prices are set in Cin7"),
        proof="otto: accepted as it is. staff know now",
        ends=listed("CUP", price=Decimal("12.50")),
    ),
    catalogue_story(
        kind=FindingKind.CATALOGUE_NOT_ACCEPTED,
        setting=UNREAD,
        cause=product("MUG"),
        title="Changes of the catalogue wait to be accepted: 1",
        owner="ecommerce",
        field="changes of the catalogue",
        value="1",
        fix=lambda trial, key: as_catalogue(trial).accept(),
        action=retry(),
        ends=listed("MUG", price=Decimal("12.50")),
    ),
]
