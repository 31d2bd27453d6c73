"""What people do to products, families and prices on both sides, as stories of stock and of the catalogue tell it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import httpx2

from tests.flows.catalogue.harness import CatalogueRig, mug
from tests.flows.harness import Rig

SCARVES = ("SCARF-R", "SCARF-B")


def books(trial: Rig) -> CatalogueRig:
    """The rig, which every setting here opens with a catalogue between the twins."""
    return cast(CatalogueRig, trial)


def product(sku: str, **changes: Any) -> Callable[[Rig], str]:
    """Somebody makes a product in Cin7, or changes it; answers its SKU."""

    def cause(trial: Rig) -> str:
        books(trial).stock_up(mug(sku=sku, name=sku.capitalize(), **changes))
        return sku

    return cause


def put_right(sku: str, **changes: Any) -> Callable[[Rig, str], None]:
    """Somebody puts the product right in Cin7."""
    return lambda trial, key: product(sku, **changes)(trial)


def listed(sku: str, **wanted: Any) -> Callable[[Rig, str], None]:
    """The shop has the product, with these fields."""

    def ends(trial: Rig, key: str) -> None:
        found = books(trial).products()[sku]
        assert {name: found[name] for name in wanted} == wanted

    return ends


def staff_writes(trial: Rig, sku: str, /, **fields: Any) -> None:
    """Staff change a product of the shop, known by its SKU there."""
    product_id = books_product_id(trial, sku)
    url = f"{trial.twins.bigcommerce_url}/v3/catalog/products/{product_id}"
    token = {"x-auth-token": trial.twins.credentials.access_token}
    httpx2.put(url, json=fields, headers=token).raise_for_status()


def books_product_id(trial: Rig, sku: str) -> int:
    """The shop's number of the product with this SKU."""

    def look() -> int:
        found = trial.twins.bigcommerce.shop.variant_by_sku(sku)
        assert found is not None, sku
        return int(found[0].id)

    return trial.twins.run(look)


def deleted(trial: Rig, sku: str) -> int:
    """Staff delete a product of the shop; answers its number."""
    product_id = books_product_id(trial, sku)
    trial.twins.act("bigcommerce", "delete_product", {"product_id": product_id})
    return product_id


def at_shop(trial: Rig, *skus: str) -> list[int]:
    """Products that the shop had before anybody listed anything there."""
    goods = [{"sku": sku, "name": f"Shop {sku}", "price": "5.00", "tax_class_id": 0} for sku in skus]
    return [int(one) for one in trial.twins.act("bigcommerce", "seed_products", goods)["ids"]]


def with_a_picture_nowhere(trial: Rig) -> str:
    """A plate whose picture has an address that only Cin7 itself can follow."""
    product("PLATE", pictures=["plate.jpg"])(trial)
    trial.twins.run(lambda: _picture_of(trial, "PLATE").update(DownloadUrl="/files/plate.jpg"))
    return "PLATE"


def picture_is_replaced(trial: Rig, key: str) -> None:
    address = "https://files.example.com/plate.jpg"
    trial.twins.run(lambda: _picture_of(trial, "PLATE").update(DownloadUrl=address))


def _picture_of(trial: Rig, sku: str) -> dict[str, Any]:
    company = trial.twins.cin7.company
    made = company.product_by_sku(sku)
    assert made is not None
    return cast("dict[str, Any]", company.attachments[made["ID"]][0])


def family(sku: str, options: list[str], members: dict[str, list[str]]) -> Callable[[Rig], str]:
    """Somebody makes a family in Cin7, or changes it; answers its SKU."""

    def cause(trial: Rig) -> str:
        goods = [{"sku": one, "name": one.capitalize(), "tier_price": "20.00"} for one in members]
        wanted = {"sku": sku, "name": sku.capitalize(), "options": options, "members": members}
        books(trial).stock_up(*goods, families=[wanted])
        return sku

    return cause


def scarves_apart(trial: Rig) -> str:
    at_shop(trial, *SCARVES)
    return family("SCARF", ["Colour"], {"SCARF-R": ["Red"], "SCARF-B": ["Blue"]})(trial)


def numbers_of_scarves(trial: Rig, key: str) -> str:
    return ", ".join(str(one) for one in sorted(books_product_id(trial, sku) for sku in SCARVES))


def scarves_are_joined(trial: Rig, key: str) -> None:
    """Staff delete both; the family takes their place."""
    for sku in SCARVES:
        deleted(trial, sku)


def variants_of(sku: str, *variants: str) -> Callable[[Rig, str], None]:
    """The shop has one product for the family, with these variants."""

    def ends(trial: Rig, key: str) -> None:
        found = [one for one in books(trial).products().values() if set(variants) & one["_variants"].keys()]
        assert [(one["name"], sorted(one["_variants"])) for one in found] == [(sku.capitalize(), sorted(variants))]

    return ends


def jar_is_gone(trial: Rig) -> str:
    return str(deleted(trial, "JAR"))


def jar_stays_gone(trial: Rig, key: str) -> None:
    assert "JAR" not in books(trial).products()


def sold_cheaper(trial: Rig) -> str:
    staff_writes(trial, "CUP", price=9.99)
    return "CUP"


def trade_is_a_group(trial: Rig, key: str) -> None:
    trial.twins.run(lambda: trial.twins.bigcommerce.shop.groups.update({4: {"id": 4, "name": "Trade"}}))


def trade_has_the_list(trial: Rig, key: str) -> None:
    assigned = trial.twins.run(lambda: trial.twins.bigcommerce.shop.settings["price_list_assignments"])
    assert [(one["price_list_id"], one["customer_group_id"]) for one in assigned] == [(1, 4)]


def wholesale_without_a_group(trial: Rig) -> str:
    return product("MUG", tier_prices={"2": "9.00"})(trial)


def prices_with_tax(trial: Rig, *, so: bool = True) -> str:
    trial.twins.run(lambda: trial.twins.bigcommerce.shop.settings.update(prices_include_tax=so))
    return "store"


def tier_is_renamed(trial: Rig, key: str) -> None:
    trial.twins.run(lambda: trial.twins.cin7.company.tiers[0].update(Name="Retail"))


def compared(trial: Rig, key: str) -> None:
    """What Cin7 has is compared again; once somebody has accepted it, it is listed."""
    books(trial).stock_up(mug())
    books(trial).travel()
    listed("MUG", price=Decimal("12.50"))(trial, key)
