"""A design to start from: the configuration text of an installation that works against the twins' default company."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """What differs from one example installation to the next; the rest is the design below."""

    bigcommerce_api: str
    """The API's address without `/stores/...`."""
    store_hash: str
    cin7_api: str
    secrets: Mapping[str, str]
    """Environment variable for each of `access_token`, `client_secret`, `account_id`, `application_key`, `hooks`."""
    database: str = "sqlite:///weighbridge.db"
    worker: str = "worker-1"
    clock: str = ""
    host: str = "127.0.0.1"
    port: int = 8800
    public_url: str = ""
    """Where the twins reach our hooks; empty: hooks stay off and sweeps find everything."""
    connection: str = "main"
    post: str = "order"
    currencies: tuple[str, ...] = ("USD",)
    """Currencies that orders come in; each gets a web customer of its own."""
    locations: tuple[str, ...] = ("Main Warehouse", "Overflow")
    """Cin7 locations whose stock the shop sells."""
    shop_rate: str = "order_per_store"
    repeat_minutes: float = 10.0
    installation: Mapping[str, str | int | float] = field(default_factory=dict)
    """More fields of the installation's own table."""


def example_toml(example: Example) -> str:
    """The text of a `weighbridge.toml` for `example`; it loads without a problem."""
    own: dict[str, str | int | float] = {
        "database": example.database,
        "worker": example.worker,
        "clock": example.clock,
        "host": example.host,
        "port": example.port,
        "public_url": example.public_url,
        **example.installation,
    }
    lines = "\n".join(f"{name} = {_toml(value)}" for name, value in own.items())
    return f"[installation]\n{lines}\n" + _connection(example)


def _connection(example: Example) -> str:
    name, env = f"connections.{example.connection}", {key: _toml(value) for key, value in example.secrets.items()}
    return f"""
[{name}.bigcommerce]
api = {_toml(example.bigcommerce_api)}
store_hash = {_toml(example.store_hash)}
access_token = {{ env = {env["access_token"]} }}
client_secret = {{ env = {env["client_secret"]} }}

[{name}.cin7]
api = {_toml(example.cin7_api)}
account_id = {{ env = {env["account_id"]} }}
application_key = {{ env = {env["application_key"]} }}

[{name}.hooks]
enabled = {"true" if example.public_url else "false"}
secret = {{ env = {env["hooks"]} }}

[{name}.design.capture]
repeat_minutes = {example.repeat_minutes:g}

[{name}.design.sale]
customers = {{ {", ".join(f'{code} = "Web customer {code}"' for code in example.currencies)} }}
location = "Main Warehouse"
payment_terms = "30 days"
revenue_account = "200"
receivable_account = "610"
post = {_toml(example.post)}
shop_rate = {_toml(example.shop_rate)}
gift_certificate_product = "Gift certificate"

[{name}.design.tax]
untaxed = "Tax Exempt"
rules = {{ "Tax on Sales" = "Tax on Sales", "Sales Tax" = "Tax on Sales" }}

[{name}.design.payments]
accounts = {{ credit_card = "091", offline = "090", custom = "090", gift_certificate = "093", store_credit = "094" }}

[{name}.design.stock]
locations = [{", ".join(_toml(location) for location in example.locations)}]
review = "never"

[{name}.design.fulfilment.carriers]
"DHL Express" = {{ tracking_carrier = "dhl" }}
FedEx = {{ provider = "fedex", tracking_carrier = "fedex" }}
UPS = {{ provider = "ups", tracking_carrier = "ups" }}
USPS = {{ provider = "usps", tracking_carrier = "usps" }}
"""


def _toml(value: str | float) -> str:
    """`value` as TOML writes it; JSON writes text and numbers the same way."""
    return json.dumps(value, ensure_ascii=False)
