"""Tables of stock and catalogue: what is promised, what both platforms hold, what the shop was told."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import ExactDecimal, UtcMoment, metadata

promises = sa.Table(
    "promise",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("order_id", sa.String(32), primary_key=True),
    sa.Column("sku", sa.String(255), primary_key=True),
    sa.Column("quantity", ExactDecimal, nullable=False),
    sa.Column("captured_at", UtcMoment, nullable=False),
    sa.Column("placed_at", UtcMoment, nullable=True, doc="by the shop's clock, in whole seconds"),
    sa.Column("allocated_at", UtcMoment, nullable=True, doc="when Cin7 was seen to have taken it over"),
    sa.Column("released_at", UtcMoment, nullable=True, doc="when the order ended without a sale"),
    sa.Index("promise_in_flight", "connection", "allocated_at"),
)
shop_items = sa.Table(
    "shop_item",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("sku", sa.String(255), primary_key=True),
    sa.Column("product_id", sa.Integer, nullable=False),
    sa.Column("variant_id", sa.Integer, nullable=True, doc="set when stock is tracked by variant"),
    sa.Column("tracking", sa.String(16), nullable=False),
    sa.Column("on_sale", sa.Boolean, nullable=False),
    sa.Column("price", ExactDecimal, nullable=True, doc="in the store's own currency"),
    sa.Column("seen_at", UtcMoment, nullable=False),
)
stock_levels = sa.Table(
    "stock_level",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("sku", sa.String(255), primary_key=True),
    sa.Column("shop_location", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("available", ExactDecimal, nullable=False),
    sa.Column("in_flight", ExactDecimal, nullable=False),
    sa.Column("buffer", ExactDecimal, nullable=False),
    sa.Column("ats", sa.Integer, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False, doc="units by location and lent, kind of buffer, shared parts"),
    sa.Column("shown", sa.Integer, nullable=True, doc="what the shop was last told, unless it has sold since"),
    sa.Column("told", sa.Integer, nullable=True, doc="what the shop was last told, whatever came after"),
    sa.Column("scanned_at", UtcMoment, nullable=False, doc="when the full reading that has the SKU began"),
    sa.Column("read_at", UtcMoment, nullable=False, doc="when the reading began that the figure is from"),
    sa.Column("pushed_at", UtcMoment, nullable=True),
    sa.Column("verified_at", UtcMoment, nullable=True),
)
stock_falls = sa.Table(
    "stock_fall",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("sku", sa.String(255), primary_key=True),
    sa.Column("at", UtcMoment, primary_key=True),
    sa.Column("units", ExactDecimal, nullable=False, doc="that left for other reasons than the shops' orders"),
)
book_products = sa.Table(
    "book_product",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("sku", sa.String(255), primary_key=True),
    sa.Column("product_id", sa.String(36), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_service", sa.Boolean, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("is_sellable", sa.Boolean, nullable=False),
    sa.Column("drop_ship_optional", sa.Boolean, nullable=False),
    sa.Column("bill", sa.JSON, nullable=False, doc="component SKU -> units for one kit, those of them wasted"),
    sa.Column("seen_at", UtcMoment, nullable=False),
    sa.Index("book_product_service", "connection", "is_service"),
)
listings = sa.Table(
    "listing",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(64), primary_key=True, doc="product:ID or family:ID in the books"),
    sa.Column("product_id", sa.Integer, nullable=False),
    sa.Column("variant_ids", sa.JSON, nullable=False),
    sa.Column("told", sa.JSON, nullable=False, doc="what was last written, and how the shop showed it"),
    sa.Column("variants_told", sa.JSON, nullable=False),
    sa.Column("pictures", sa.JSON, nullable=False),
    sa.Column("written_at", UtcMoment, nullable=False),
)
listing_changes = sa.Table(
    "listing_change",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("sku", sa.String(255), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("accepted_at", UtcMoment, nullable=True),
    sa.Index("listing_change_by_position", "connection", "position"),
)
