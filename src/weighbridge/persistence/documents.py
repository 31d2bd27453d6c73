"""The kinds of documents that the database stores, each with its version.

A change of a model that changes its wire names or their meaning is a new version of its kind, together with a migration
of the stored documents. `tests/persistence/documents/` holds a golden file for each kind.
"""

from __future__ import annotations

from typing import Final

from weighbridge.domain.catalogue.proposal import CatalogueProposal
from weighbridge.domain.documents import DocumentKind
from weighbridge.domain.fulfilment.shipments import ReportedParcels
from weighbridge.domain.orders.reference_data import Company
from weighbridge.domain.orders.sale import OrderSnapshot
from weighbridge.domain.returns.credit_note import Credit
from weighbridge.domain.stock.available import LevelTerms
from weighbridge.domain.stock.proposal import StockProposal

ORDER_SNAPSHOT: Final = DocumentKind("order snapshot", 1, OrderSnapshot)
REPORTED_PARCELS: Final = DocumentKind("reported parcels", 1, ReportedParcels)
CREDIT: Final = DocumentKind("credit", 1, Credit)
STOCK_PROPOSAL: Final = DocumentKind("stock proposal", 1, StockProposal)
CATALOGUE_PROPOSAL: Final = DocumentKind("catalogue proposal", 1, CatalogueProposal)
"""The contents of transfers."""

LEVEL_TERMS: Final = DocumentKind("level terms", 1, LevelTerms)
"""Of each stock level. SQL reads `components`."""
COMPANY: Final = DocumentKind("company", 1, Company)
"""In the reference cache."""
