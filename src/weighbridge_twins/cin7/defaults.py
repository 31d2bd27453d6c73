"""The contents of a new company: tax rules, accounts, payment terms, locations, services."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from weighbridge_twins.cin7.products import product_record
from weighbridge_twins.cin7.state import Company, Record

TAX_RULES = (
    ("Tax on Sales", "8.25", False),
    ("Tax Exempt", "0", False),
    ("GST on Income", "10", True),
    ("VAT 20%", "20", True),
    ("Zero Rated", "0", False),
)
"""Name, percent, and whether prices include the tax by default."""
ACCOUNTS = (
    ("090", "Business Bank Account", "BANK", "ASSET", "", True),
    ("091", "Card Clearing", "BANK", "ASSET", "", True),
    ("092", "PayPal Clearing", "BANK", "ASSET", "", True),
    ("093", "Gift Certificates", "CURRLIAB", "LIABILITY", "", True),
    ("094", "Store Credit", "CURRLIAB", "LIABILITY", "", True),
    ("200", "Sales", "REVENUE", "REVENUE", "", False),
    ("260", "Other Revenue", "REVENUE", "REVENUE", "", False),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "", False),
    ("610", "Accounts Receivable", "CURRENT", "ASSET", "DEBTORS", False),
    ("630", "Inventory", "INVENTORY", "ASSET", "", False),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "CREDITORS", False),
    ("820", "Sales Tax", "CURRLIAB", "LIABILITY", "", False),
    ("860", "Rounding", "CURRLIAB", "LIABILITY", "ROUNDING", False),
)
SERVICES = ("Shipping", "Handling", "Gift wrapping", "Fee", "Rounding", "Gift certificate", "Goodwill")
CARRIERS = ("DEFAULT Carrier", "FedEx", "UPS", "USPS", "DHL Express")
TERMS = (("Pre-Payment", 0, True), ("30 days", 30, True), ("60 days", 60, False))
"""Name, days, and whether the term is active; an inactive term is still listed."""
CONTACTS = (("DEFAULT sales rep", "Sale"), ("DEFAULT billing contact", "Billing"))
LOCATIONS = ("Main Warehouse", "Overflow", "Returns Cage")


def fill_new_company(company: Company) -> None:
    """Fills an empty company with the contents of a trial company and the services that an integration needs."""
    company.me = {
        "Company": "Twin Company",
        "Currency": "USD",
        "TimeZone": "(UTC) Coordinated Universal Time",
        "DefaultWeightUnits": "lb",
        "DefaultDimensionsUnits": "in",
        "LockDate": None,
        "OpeningBalanceDate": "2016-01-01T00:00:00",
        "TaxCalculationMethod": "Total",
        "DefaultSaleTaxRuleId": None,
        "DefaultSaleTaxRuleName": "Tax on Sales",
        "MaximumDecimalPlacesInQuantity": "N4",
        "ApplyCustomerDiscountsAfterOtherDiscounts": False,
        "DiscountRule": "Discount",
        "AutomaticallyApplyDiscounts": False,
        "RoundingTable": [],
    }
    for name, percent, inclusive in TAX_RULES:
        company.tax_rules.append(tax_rule_record(company, name, Decimal(percent), inclusive=inclusive))
    company.me["DefaultSaleTaxRuleId"] = company.tax_rules[0]["ID"]
    company.accounts += [_account(company, *row) for row in ACCOUNTS]
    company.terms += [
        {
            "ID": company.new_id(),
            "Name": name,
            "Duration": days,
            "Method": "number of days",
            "IsActive": active,
            "IsDefault": name == "30 days",
        }
        for name, days, active in TERMS
    ]
    company.tiers += [{"Code": code, "Name": f"Tier {code}"} for code in range(1, 11)]
    company.carriers += [{"CarrierID": company.new_id(), "Description": name} for name in CARRIERS]
    company.locations += [location_record(company, name, is_default=name == LOCATIONS[0]) for name in LOCATIONS]
    company.categories.append({"ID": company.new_id(), "Name": "Other"})
    company.units.append({"ID": company.new_id(), "Name": "Item"})
    company.contacts += [contact_record(company, name, kind) for name, kind in CONTACTS]
    for name in SERVICES:
        company.put_product(product_record(company, {"SKU": name, "Name": name, "Type": "Service"}))


def location_record(company: Company, name: str, *, is_default: bool = False, bins: Iterable[str] = ()) -> Record:
    """Returns a location in the vendor's form; ids of its bins are in upper case."""
    return {
        "ID": company.new_id(),
        "Name": name,
        "IsDefault": is_default,
        "IsDeprecated": False,
        "Bins": [
            {"ID": company.new_id().upper(), "Name": bin_name, "IsDeprecated": False, "IsStaging": False}
            for bin_name in bins
        ],
        "FixedAssetsLocation": False,
        "ParentID": None,
        "ParentName": None,
        "ReferenceCount": 0,
        "AddressLine1": "",
        "AddressLine2": "",
        "AddressCitySuburb": "",
        "AddressStateProvince": "",
        "AddressZipPostCode": "",
        "AddressCountry": "",
        "PickZones": None,
        "IsShopfloor": False,
        "IsCoMan": False,
        "IsStaging": False,
    }


def contact_record(company: Company, name: str, kind: str) -> Record:
    """Returns a contact of the company itself; sales representatives have the type Sale."""
    return {
        "ContactID": company.new_id(),
        "Name": name,
        "Phone": "",
        "Fax": "",
        "Email": "",
        "Website": "",
        "Comment": "",
        "Type": kind,
        "DefaultForType": True,
    }


def tax_rule_record(company: Company, name: str, percent: Decimal, *, inclusive: bool = False) -> Record:
    """Returns a tax rule with one component on the sales tax account. Source: Tax Rule model."""
    return {
        "ID": company.new_id(),
        "Name": name,
        "Account": "820",
        "IsActive": True,
        "TaxInclusive": inclusive,
        "TaxPercent": percent,
        "IsTaxForSale": True,
        "IsTaxForPurchase": True,
        "Components": [
            {
                "ID": company.new_id().upper(),
                "Name": "Tax",
                "Percent": f"{percent:.10f}",
                "AccountCode": "820",
                "Compound": "0",
                "ComponentOrder": "1",
            }
        ],
    }


def _account(company: Company, code: str, name: str, kind: str, group: str, system: str, for_payments: bool) -> Record:
    return {
        "Code": code,
        "Status": "ACTIVE",
        "Name": name,
        "Type": kind,
        "Description": "",
        "Class": group,
        "SystemAccount": name.capitalize() if system else None,
        "SystemAccountCode": system or None,
        "BankAccountNumber": "No Number" if kind == "BANK" else None,
        "BankAccountId": company.new_id() if kind == "BANK" else None,
        "ForPayments": for_payments,
        "Currency": None,
        "DisplayName": f"{code}: {name}",
        "OldCode": None,
    }
