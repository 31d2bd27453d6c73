"""An example configuration: the text of an installation that works against the twins' default company."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """The values that differ between example installations; the rest is the design below."""

    bigcommerce_api: str
    """The API's address without `/stores/...`."""
    store_hash: str
    cin7_api: str
    secrets: Mapping[str, str]
    """Environment variable for each of `access_token`, `client_secret`, `account_id`, `application_key`, `webhooks`."""
    database: str = "sqlite:///weighbridge.db"
    worker: str = "worker-1"
    clock: str = ""
    host: str = "127.0.0.1"
    port: int = 8800
    public_url: str = ""
    """Where the twins reach our webhook endpoints; empty: webhooks are off and sweeps find all orders."""
    connection: str = "main"
    post: str = "order"
    currencies: tuple[str, ...] = ("USD",)
    """Currencies of orders; each gets its own web customer."""
    locations: tuple[str, ...] = ("Main Warehouse", "Overflow")
    """Cin7 locations whose stock the store sells."""
    store_rate: str = "order_per_store"
    double_submit_minutes: float = 10.0
    installation: Mapping[str, str | int | float] = field(default_factory=dict)
    """Further fields of the table `installation`."""


def example_toml(example: Example) -> str:
    """The text of a valid `weighbridge.toml` for `example`."""
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

[{name}.webhooks]
enabled = {"true" if example.public_url else "false"}
secret = {{ env = {env["webhooks"]} }}

[{name}.design.capture]
double_submit_minutes = {example.double_submit_minutes:g}

[{name}.design.sale]
customers = {{ {", ".join(f'{code} = "Web customer {code}"' for code in example.currencies)} }}
location = "Main Warehouse"
payment_terms = "30 days"
revenue_account = "200"
receivable_account = "610"
post = {_toml(example.post)}
store_rate = {_toml(example.store_rate)}
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
