"""Actions of people on products, families and prices on both platforms, for stories of stock and of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import httpx2

from tests.flows.catalogue.harness import CatalogueHarness, mug
from tests.flows.harness import Harness

SCARVES = ("SCARF-R", "SCARF-B")


def as_catalogue(trial: Harness) -> CatalogueHarness:
    """The harness with its type; every setting of these stories opens a catalogue harness."""
    return cast(CatalogueHarness, trial)


def product(sku: str, **changes: Any) -> Callable[[Harness], str]:
    """Staff create a product in Cin7, or change it; returns its SKU."""

    def cause(trial: Harness) -> str:
        as_catalogue(trial).stock_up(mug(sku=sku, name=sku.capitalize(), **changes))
        return sku

    return cause


def put_right(sku: str, **changes: Any) -> Callable[[Harness, str], None]:
    """Staff correct the product in Cin7."""
    return lambda trial, key: product(sku, **changes)(trial)


def listed(sku: str, **expected_fields: Any) -> Callable[[Harness, str], None]:
    """The store has the product, with these fields."""

    def ends(trial: Harness, key: str) -> None:
        product = as_catalogue(trial).products()[sku]
        assert {name: product[name] for name in expected_fields} == expected_fields

    return ends


def staff_writes(trial: Harness, sku: str, /, **fields: Any) -> None:
    """Staff change a product of the store, found by its SKU."""
    product_id = store_product_id(trial, sku)
    url = f"{trial.twins.bigcommerce_url}/v3/catalog/products/{product_id}"
    token = {"x-auth-token": trial.twins.credentials.access_token}
    httpx2.put(url, json=fields, headers=token).raise_for_status()


def store_product_id(trial: Harness, sku: str) -> int:
    """The store's id of the product with this SKU."""

    def read_id() -> int:
        variant = trial.twins.bigcommerce.store.variant_by_sku(sku)
        assert variant is not None, sku
        return int(variant[0].id)

    return trial.twins.run(read_id)


def deleted(trial: Harness, sku: str) -> int:
    """Staff delete a product of the store; returns its id."""
    product_id = store_product_id(trial, sku)
    trial.twins.act("bigcommerce", "delete_product", {"product_id": product_id})
    return product_id


def seeded_in_store(trial: Harness, *skus: str) -> list[int]:
    """Creates products in the store that Weighbridge did not list; returns their ids."""
    goods = [{"sku": sku, "name": f"Store {sku}", "price": "5.00", "tax_class_id": 0} for sku in skus]
    return [int(product_id) for product_id in trial.twins.act("bigcommerce", "seed_products", goods)["ids"]]


def with_a_picture_nowhere(trial: Harness) -> str:
    """A plate whose picture has a URL that only Cin7 itself can open."""
    product("PLATE", pictures=["plate.jpg"])(trial)
    trial.twins.run(lambda: _picture_of(trial, "PLATE").update(DownloadUrl="/files/plate.jpg"))
    return "PLATE"


def picture_is_replaced(trial: Harness, key: str) -> None:
    address = "https://files.example.com/plate.jpg"
    trial.twins.run(lambda: _picture_of(trial, "PLATE").update(DownloadUrl=address))


def _picture_of(trial: Harness, sku: str) -> dict[str, Any]:
    company = trial.twins.cin7.company
    product = company.product_by_sku(sku)
    assert product is not None
    return cast("dict[str, Any]", company.attachments[product["ID"]][0])


def family(sku: str, options: list[str], members: dict[str, list[str]]) -> Callable[[Harness], str]:
    """Staff create a family in Cin7, or change it; returns its SKU."""

    def cause(trial: Harness) -> str:
        goods = [{"sku": member, "name": member.capitalize(), "tier_price": "20.00"} for member in members]
        family_row = {"sku": sku, "name": sku.capitalize(), "options": options, "members": members}
        as_catalogue(trial).stock_up(*goods, families=[family_row])
        return sku

    return cause


def separate_scarves(trial: Harness) -> str:
    seeded_in_store(trial, *SCARVES)
    return family("SCARF", ["Colour"], {"SCARF-R": ["Red"], "SCARF-B": ["Blue"]})(trial)


def numbers_of_scarves(trial: Harness, key: str) -> str:
    return ", ".join(str(product_id) for product_id in sorted(store_product_id(trial, sku) for sku in SCARVES))


def scarves_are_joined(trial: Harness, key: str) -> None:
    """Staff delete both products; the family replaces them."""
    for sku in SCARVES:
        deleted(trial, sku)


def variants_of(sku: str, *variants: str) -> Callable[[Harness, str], None]:
    """The store has one product for the family, with these variants."""

    def ends(trial: Harness, key: str) -> None:
        products = as_catalogue(trial).products().values()
        families = [product for product in products if set(variants) & product["_variants"].keys()]
        assert [(row["name"], sorted(row["_variants"])) for row in families] == [(sku.capitalize(), sorted(variants))]

    return ends


def jar_is_gone(trial: Harness) -> str:
    return str(deleted(trial, "JAR"))


def jar_stays_gone(trial: Harness, key: str) -> None:
    assert "JAR" not in as_catalogue(trial).products()


def sold_cheaper(trial: Harness) -> str:
    staff_writes(trial, "CUP", price=9.99)
    return "CUP"


def trade_is_a_group(trial: Harness, key: str) -> None:
    trial.twins.run(lambda: trial.twins.bigcommerce.store.groups.update({4: {"id": 4, "name": "Trade"}}))


def trade_has_the_list(trial: Harness, key: str) -> None:
    assigned = trial.twins.run(lambda: trial.twins.bigcommerce.store.settings["price_list_assignments"])
    assert [(row["price_list_id"], row["customer_group_id"]) for row in assigned] == [(1, 4)]


def wholesale_without_a_group(trial: Harness) -> str:
    return product("MUG", tier_prices={"2": "9.00"})(trial)


def prices_with_tax(trial: Harness, *, so: bool = True) -> str:
    trial.twins.run(lambda: trial.twins.bigcommerce.store.settings.update(prices_include_tax=so))
    return "store"


def tier_is_renamed(trial: Harness, key: str) -> None:
    trial.twins.run(lambda: trial.twins.cin7.company.tiers[0].update(Name="Retail"))


def compared(trial: Harness, key: str) -> None:
    """The catalogue is compared again; once a user has accepted the changes, the product is listed."""
    as_catalogue(trial).stock_up(mug())
    as_catalogue(trial).first_sync()
    listed("MUG", price=Decimal("12.50"))(trial, key)
