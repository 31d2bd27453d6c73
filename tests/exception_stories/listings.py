"""Stories of the catalogue: what cannot be listed at the shop as Cin7 has it, or not as a whole."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from tests.exception_stories.actions import accept, retry
from tests.exception_stories.catalogue import (
    SCARVES,
    books,
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
    scarves_apart,
    scarves_are_joined,
    sold_cheaper,
    tier_is_renamed,
    trade_has_the_list,
    trade_is_a_group,
    variants_of,
    wholesale_without_a_group,
    with_a_picture_nowhere,
)
from tests.exception_stories.story import FINANCE, NOT_FOUND, Noted, Setting, Story
from tests.flows.catalogue.harness import catalogue_rig, mug
from tests.flows.harness import Rig
from weighbridge.domain.findings.finding import FindingKind

WHOLESALE = """
[connections.main.design.catalogue.price_lists]
"Tier 2" = { price_list = "Wholesale", customer_group = "Trade" }
"""
LONG_BARCODE = "4006381333931-4006381333948"


def round_of_the_catalogue(trial: Rig) -> None:
    """Both catalogues are read in full and compared; what differs and may be written is written."""
    books(trial).sync()


def travelled(trial: Rig) -> None:
    """The first round was read and accepted: mugs, cups and jars stand at the shop."""
    books(trial).stock_up(mug(), mug(sku="CUP", name="Cup"), mug(sku="JAR", name="Jar"))
    books(trial).travel()


LISTED = Setting("listings", lambda folder: catalogue_rig(folder, design=WHOLESALE), travelled)
UNLIKE = Setting("terms", catalogue_rig)
RENAMED = Setting("tiers", lambda folder: catalogue_rig(folder, design='price_tier = "Retail"\n'))
UNREAD = Setting("first listings", catalogue_rig)
unlisted = partial(
    Story, found_by=round_of_the_catalogue, proven_by=round_of_the_catalogue, money="none", proof=NOT_FOUND
)
"""A story that the rounds of the catalogue begin and end."""


STORIES: list[Story | Noted] = [
    unlisted(
        kind=FindingKind.PRICE_MISSING,
        setting=LISTED,
        cause=product("JUG", tier_price="0"),
        title="JUG has no price",
        owner="finance",
        field="JUG.price",
        value="0",
        mended=put_right("JUG", tier_price="8.00"),
        act=retry(FINANCE),
        ends=listed("JUG", price=Decimal(8)),
    ),
    unlisted(
        kind=FindingKind.PRICE_TERMS_DIFFER,
        setting=UNLIKE,
        cause=prices_with_tax,
        title="Prices of shop and design differ in tax: true",
        owner="finance",
        field="store.is_price_entered_with_tax",
        value="true",
        mended=lambda trial, key: prices_with_tax(trial, so=False),
        act=retry(FINANCE),
        ends=compared,
    ),
    unlisted(
        kind=FindingKind.PRICE_TIER_UNKNOWN,
        setting=RENAMED,
        cause=lambda trial: "Retail",
        title="Cin7 has no price tier Retail",
        owner="finance",
        field="design.catalogue",
        value="Retail",
        mended=tier_is_renamed,
        act=retry(FINANCE),
        ends=compared,
    ),
    unlisted(
        kind=FindingKind.CUSTOMER_GROUP_UNKNOWN,
        setting=LISTED,
        cause=wholesale_without_a_group,
        title="The shop has no customer group Trade",
        owner="ecommerce",
        field="customer_group of Wholesale",
        value="Trade",
        mended=trade_is_a_group,
        act=retry(),
        ends=trade_has_the_list,
    ),
    unlisted(
        kind=FindingKind.BARCODE_UNUSABLE,
        setting=LISTED,
        cause=product("BOWL", barcode=LONG_BARCODE),
        title=f"The barcode of BOWL is none: {LONG_BARCODE}",
        owner="ecommerce",
        field="BOWL.Barcode",
        value=LONG_BARCODE,
        mended=put_right("BOWL", barcode="4006381333948"),
        act=retry(),
        ends=listed("BOWL", upc="4006381333948"),
    ),
    unlisted(
        kind=FindingKind.IMAGE_UNUSABLE,
        setting=LISTED,
        cause=with_a_picture_nowhere,
        title="A picture of PLATE cannot be used: /files/plate.jpg",
        owner="ecommerce",
        field="image plate.jpg",
        value="/files/plate.jpg",
        mended=picture_is_replaced,
        act=retry(),
        ends=listed("PLATE", price=Decimal("12.50")),
    ),
    unlisted(
        kind=FindingKind.FAMILY_UNUSABLE,
        setting=LISTED,
        cause=family("HAT", [""], {"HAT-S": [""], "HAT-L": [""]}),
        title="Family HAT cannot become a product with variants",
        owner="ecommerce",
        field="family HAT.Option1Name",
        value="nothing",
        mended=lambda trial, key: family("HAT", ["Size"], {"HAT-S": ["S"], "HAT-L": ["L"]})(trial),
        act=retry(),
        ends=variants_of("HAT", "HAT-S", "HAT-L"),
    ),
    unlisted(
        kind=FindingKind.FAMILY_SPLIT,
        setting=LISTED,
        cause=scarves_apart,
        title="The members of family SCARF are several products at the shop",
        owner="ecommerce",
        field="family SCARF at the shop",
        value=numbers_of_scarves,
        mended=scarves_are_joined,
        act=retry(),
        ends=variants_of("SCARF", *SCARVES),
    ),
    unlisted(
        kind=FindingKind.LISTING_GONE,
        setting=LISTED,
        cause=jar_is_gone,
        title="The listing of JAR was deleted at the shop",
        owner="ecommerce",
        field="shop product {key}",
        value="deleted",
        mended=put_right("JAR", status="Deprecated"),
        act=retry(),
        ends=jar_stays_gone,
    ),
    unlisted(
        kind=FindingKind.SHOP_EDIT_OVERWRITTEN,
        setting=LISTED,
        cause=sold_cheaper,
        title="An edit at the shop was overwritten: CUP.price",
        owner="ecommerce",
        field="CUP.price",
        value="9.99",
        act=accept("whoever it was knows now that Cin7 has the prices"),
        proof="otto: accepted as it is. whoever it was knows now",
        ends=listed("CUP", price=Decimal("12.50")),
    ),
    unlisted(
        kind=FindingKind.CATALOGUE_NOT_ACCEPTED,
        setting=UNREAD,
        cause=product("MUG"),
        title="Changes of the catalogue wait to be accepted: 1",
        owner="ecommerce",
        field="changes of the catalogue",
        value="1",
        mended=lambda trial, key: books(trial).accept(),
        act=retry(),
        ends=listed("MUG", price=Decimal("12.50")),
    ),
]
