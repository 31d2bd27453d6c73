"""The tables of stock and catalogue: reservations, what both platforms hold, and what was published."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import ExactDecimal, UtcTimestamp, metadata

reservations = sa.Table(
    "reservation",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("quantity", ExactDecimal, nullable=False),
    sa.Column("reserved_at", UtcTimestamp, nullable=False),
    sa.Column("placed_at", UtcTimestamp, nullable=True, doc="by the store's clock, in whole seconds"),
    sa.Column("allocated_at", UtcTimestamp, nullable=True, doc="when Cin7 was seen to have allocated it"),
    sa.Column("released_at", UtcTimestamp, nullable=True, doc="when the order ended without a sale"),
    sa.Index("reservation_in_flight", "connection", "allocated_at"),
)
store_items = sa.Table(
    "store_item",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("product_id", sa.Integer, nullable=False),
    sa.Column("variant_id", sa.Integer, nullable=True, doc="set when stock is tracked by variant"),
    sa.Column("tracking", sa.Text, nullable=False),
    sa.Column("on_sale", sa.Boolean, nullable=False),
    sa.Column("price", ExactDecimal, nullable=True, doc="in the store's own currency"),
    sa.Column("seen_at", UtcTimestamp, nullable=False),
)
stock_levels = sa.Table(
    "stock_level",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("store_location", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("available", ExactDecimal, nullable=False),
    sa.Column("in_flight", ExactDecimal, nullable=False),
    sa.Column("buffer", ExactDecimal, nullable=False),
    sa.Column("ats", sa.Integer, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False, doc="units by location and lent, kind of buffer, components"),
    sa.Column("current_level", sa.Integer, nullable=True, doc="the published level, unless the store has sold since"),
    sa.Column("published_level", sa.Integer, nullable=True, doc="the level last published, whatever happened since"),
    sa.Column("scanned_at", UtcTimestamp, nullable=False, doc="when the full reading with the SKU began"),
    sa.Column("read_at", UtcTimestamp, nullable=False, doc="when the reading of the level began"),
    sa.Column("pushed_at", UtcTimestamp, nullable=True),
    sa.Column("verified_at", UtcTimestamp, nullable=True),
)
stock_decreases = sa.Table(
    "stock_decrease",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("at", UtcTimestamp, primary_key=True),
    sa.Column("units", ExactDecimal, nullable=False, doc="that no store's order explains"),
)
cin7_products = sa.Table(
    "cin7_product",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("product_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_service", sa.Boolean, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("is_sellable", sa.Boolean, nullable=False),
    sa.Column("drop_ship_optional", sa.Boolean, nullable=False),
    sa.Column("components", sa.JSON, nullable=False, doc="component SKU -> units for one kit, of which wasted"),
    sa.Column("seen_at", UtcTimestamp, nullable=False),
    sa.Index("cin7_product_service", "connection", "is_service"),
)
listings = sa.Table(
    "listing",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True, doc="product:ID or family:ID in Cin7"),
    sa.Column("product_id", sa.Integer, nullable=False),
    sa.Column("variant_ids", sa.JSON, nullable=False),
    sa.Column("last_write", sa.JSON, nullable=False, doc="what was last written, and how the store showed it"),
    sa.Column("variant_last_writes", sa.JSON, nullable=False),
    sa.Column("pictures", sa.JSON, nullable=False),
    sa.Column("written_at", UtcTimestamp, nullable=False),
)
listing_changes = sa.Table(
    "listing_change",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("accepted_at", UtcTimestamp, nullable=True),
    sa.Index("listing_change_by_position", "connection", "position"),
)
