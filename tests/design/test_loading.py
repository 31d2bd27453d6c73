"""Configuration files: a small valid one, and every kind of problem with its line and owner."""

from __future__ import annotations

import traceback
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from tests.design.examples import SMALL, changed
from weighbridge.access.roles import Role
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import ConfigurationProblem, Problem, load_installation, parse_installation
from weighbridge.design.oidc import RoleName
from weighbridge.design.schema import Design, design_version
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind

ROOT = Path(__file__).parents[2]


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationProblem) as caught:
        parse_installation(text)
    return caught.value.problems


def only_problem_of(text: str) -> Problem:
    problems = problems_of(text)
    assert len(problems) == 1, problems
    return problems[0]


def design_of(text: str) -> Design:
    return parse_installation(text).connections["main"].design


def test_a_small_file_is_enough() -> None:
    main = parse_installation(SMALL).connections["main"]
    assert main.design.capture.status_ids == (11, 9, 8)
    assert main.design.sale.tolerance == Decimal("0.05")
    assert main.design.sale.post == "order"
    assert main.design.quota.cin7_calls_per_minute == 60
    assert main.bigcommerce.api == "https://api.bigcommerce.com"
    assert not main.webhooks.enabled


def test_database_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "weighbridge.toml"
    file.write_text('[installation]\ndatabase = "sqlite:///data/own.db"\n' + SMALL)
    settings = load_installation(file).installation
    assert settings.database == f"sqlite:///{tmp_path}/data/own.db"


def test_an_absolute_path_and_a_postgresql_address_are_kept() -> None:
    for address in ("sqlite:////srv/store.db.d/own.db", "postgresql://user@host/weighbridge"):
        text = f'[installation]\ndatabase = "{address}"\n{SMALL}'
        assert parse_installation(text).resolved(Path("/elsewhere")).installation.database == address


def test_the_complete_example_states_every_default() -> None:
    complete = load_installation(ROOT / "weighbridge.example.toml").connections["main"].design
    small = design_of(SMALL)
    assert complete.capture == small.capture
    assert complete.cadence == small.cadence
    assert complete.masters == small.masters
    assert {name: complete.retry.schedule(name) for name in complete.retry.schedules} == {
        name: small.retry.schedule(name) for name in complete.retry.schedules
    }
    assert complete.retry.model_copy(update={"schedules": {}}) == small.retry
    assert complete.quota == small.quota
    assert complete.stock == small.stock
    assert complete.sale == small.sale


def test_the_example_for_the_twins_loads() -> None:
    secrets = dict.fromkeys(("access_token", "client_secret", "account_id", "application_key", "webhooks"), "S")
    example = Example(
        bigcommerce_api="http://127.0.0.1:8801",
        store_hash='odd"hash\\',
        cin7_api="http://127.0.0.1:8802/ExternalApi/v2",
        secrets=secrets,
        clock="60.0@1000.0@2000.0",
        public_url="http://127.0.0.1:8800",
        installation={"polling_seconds": 0.05},
    )
    installation = parse_installation(example_toml(example))
    assert installation.connections["main"].bigcommerce.store_hash == 'odd"hash\\'
    assert installation.connections["main"].webhooks.enabled
    assert installation.installation.polling_seconds == 0.05


def test_all_problems_are_reported_at_once_in_file_order() -> None:
    text = changed(
        ("abc123", ""), ('location = "Main Warehouse"\n', ""), ("untaxed", "untaxd"), ('["Main', '["", "Main')
    )
    problems = problems_of(text)
    assert [(problem.line, problem.field) for problem in problems] == [
        (2, "store_hash"),
        (9, "location"),
        (15, "untaxed"),
        (16, "untaxd"),
        (19, "locations.0"),
    ]
    assert [problem.owner for problem in problems] == [
        Owner.ECOMMERCE,
        Owner.OPERATIONS,
        Owner.FINANCE,
        Owner.FINANCE,
        Owner.OPERATIONS,
    ]


def test_a_problem_reads_as_one_line_that_names_file_line_table_field_and_owner() -> None:
    problem = only_problem_of(changed(('untaxed = "Tax Exempt"', 'untaxed = "E"\nrules = ["Sales Tax"]')))
    assert str(problem) == (
        "weighbridge.toml:18: [connections.main.design.tax] field 'rules': "
        "got ['Sales Tax'], expected a table; finance acts"
    )


def test_an_unknown_field_suggests_the_nearest_known_one() -> None:
    problem = only_problem_of(changed(("payment_terms", "revenue_acount = '1'\npayment_terms")))
    assert (problem.field, problem.got, problem.expected) == (
        "revenue_acount",
        "an unknown field",
        "perhaps 'revenue_account'",
    )


def test_an_inline_secret_is_refused_and_never_repeated() -> None:
    text = changed(
        ('{ env = "BC_TOKEN" }', '"hunter2hunter2"'),
        ('{ env = "CIN7_ACCOUNT" }', '{ value = "hunter2hunter2" }'),
        ("store_hash", 'client_secrt = "hunter2hunter2"\nstore_hash'),
    )
    with pytest.raises(ConfigurationProblem) as caught:
        parse_installation(text)
    printed = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in printed
    token = next(problem for problem in caught.value.problems if problem.field == "access_token")
    assert token.line == 4
    assert "never written into this file" in token.expected


@pytest.mark.parametrize("reference", ["{}", '{ env = "A", file = "b" }', "{ env = 3 }", "true"])
def test_a_secret_reference_names_one_location(reference: str) -> None:
    problem = problems_of(changed(('{ env = "BC_TOKEN" }', reference)))[0]
    assert problem.line == 3
    assert problem.table.startswith("connections.main.bigcommerce")


def test_a_syntax_error_keeps_its_line() -> None:
    problem = only_problem_of(changed(('location = "Main Warehouse"', "location = Main Warehouse")))
    assert (problem.line, problem.expected) == (11, "valid TOML")


def test_a_syntax_error_at_the_end_points_at_the_end() -> None:
    assert only_problem_of("a = [1,\n2,\n").line == 3


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationProblem, match="No such file"):
        load_installation(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    with pytest.raises(ConfigurationProblem, match="not UTF-8 at offset 5"):
        load_installation(tmp_path / "latin.toml")


def test_one_store_belongs_to_one_connection() -> None:
    problem = only_problem_of(SMALL + SMALL.replace("connections.main", "connections.second"))
    assert "each store in one connection; 'abc123' is in 'main' and 'second'" in problem.expected


def test_webhooks_need_a_secret_and_a_public_address() -> None:
    webhooks = '[connections.main.webhooks]\nenabled = true\nsecret = { env = "S" }\n'
    assert "installation.public_url" in only_problem_of(SMALL + webhooks).expected
    public = '[installation]\npublic_url = "https://weighbridge.example.com/"\n'
    assert parse_installation(public + SMALL + webhooks).installation.public_url == "https://weighbridge.example.com"
    without_secret = only_problem_of(public + SMALL + "[connections.main.webhooks]\nenabled = true\n")
    assert "field 'secret'" in without_secret.expected


def test_payments_are_posted_only_with_accounts() -> None:
    posting = changed(("payment_terms", 'post = "invoice_and_payment"\npayment_terms'))
    assert "payments.accounts" in only_problem_of(posting).expected
    accounts = '[connections.main.design.payments]\naccounts = { Cheque = "090" }\n'
    assert design_of(posting + accounts).payments.accounts == {"cheque": "090"}


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("USD =", "USX =", "customers", "ISO 4217"),
        ("location =", "type = 'Simpel'\nlocation =", "type", "'Advanced' or 'Simple'"),
        ("location =", "tolerance = '-0.01'\nlocation =", "tolerance", "greater than or equal to 0"),
        ("location =", "tolerance = nan\nlocation =", "tolerance", "finite"),
        ('["Main Warehouse"]', "[]", "locations", "at least 1 item"),
        ("[connections.main.bigc", "[connections.'Main Shop'.bigc", "connections.Main Shop", "lower-case"),
        ("store_hash =", "api = 'ftp://x'\nstore_hash =", "api", "http"),
    ],
)
def test_values_outside_their_range_are_refused(old: str, new: str, field: str, says: str) -> None:
    problems = problems_of(changed((old, new)))
    assert any(f"{problem.table}.{problem.field}".endswith(field) and says in problem.expected for problem in problems)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("[connections.main.design.capture]\nhold_status_ids = [11]", "11 is in both"),
        ("[connections.main.design.retry.schedules]\nthrotled = [1]", "perhaps throttled"),
        ("[connections.main.design.retry.schedules]\nthrottled = []", "at least one wait"),
        ("[connections.main.design.quota.floors]\norder = 1", "'orders'"),
        ("[connections.main.design.owners]\ntax_unmaped = 'finance'", "perhaps 'tax_unmapped'"),
        ("[installation]\nclock = 'fast'", "speed@wall@origin"),
        ("[installation]\ndatabase = 'mysql://x'", "postgresql://"),
    ],
)
def test_policies_outside_their_range_are_refused(table: str, says: str) -> None:
    assert says in only_problem_of(SMALL + table + "\n").expected


def test_money_written_as_a_number_keeps_its_digits() -> None:
    assert str(design_of(changed(("location =", "tolerance = 0.10\nlocation ="))).sale.tolerance) == "0.10"


def test_a_retry_schedule_replaces_only_its_own_cause() -> None:
    retry = design_of(SMALL + "[connections.main.design.retry.schedules]\nthrottled = [1, 2]\n").retry
    assert retry.schedule("throttled") == (1, 2)
    assert retry.schedule("order_gone") == (10, 30, 120)
    assert retry.schedule("unknown cause") == retry.schedule("unexpected_error")


def test_a_design_names_other_owners_than_the_default() -> None:
    design = design_of(SMALL + '[connections.main.design.owners]\nbackordered = "ecommerce"\n')
    assert design.owner_of(FindingKind.BACKORDERED) is Owner.ECOMMERCE
    assert design.owner_of(FindingKind.TAX_UNMAPPED) is Owner.FINANCE


def test_a_design_version_changes_with_any_field_and_with_nothing_else() -> None:
    version = design_version(design_of(SMALL))
    assert version.startswith("v1-")
    assert len(version) == len("v1-") + 8
    assert design_version(design_of("# a comment\n" + SMALL)) == version
    assert design_version(design_of(changed(("abc123", "other")))) == version
    assert design_version(design_of(changed(('"200"', '"201"')))) != version
    assert design_version(design_of(SMALL + "[connections.main.design]\nversion = 2\n")).startswith("v2-")


OIDC = '[console.oidc]\nissuer = "https://login.example.com"\nclient_id = "weighbridge"\n'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('issuer = "http://login.example.com"', "an https address"),
        ('client_secret = "s3cret-inline"', "a secret is never written into this file"),
        ('new_users = "create"', "field 'roles' or 'default_role'"),
        ('scopes = ["email"]', "'openid' among scopes"),
        ('roles = { staff = "boss" }', "'viewer', 'operator', 'finance' or 'admin'"),
    ],
)
def test_an_unusable_provider_is_refused_without_revealing_a_secret(line: str, says: str) -> None:
    text = OIDC.replace('issuer = "https://login.example.com"\n', "") if line.startswith("issuer") else OIDC
    problem = str(only_problem_of(f"{text}{line}\n{SMALL}"))
    assert says in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ("backups", 'finance = "finance"', "another owner as the backup of finance"),
        ("backups", 'finance = "board"', "'finance', 'operations' or 'ecommerce'"),
        ("deadlines", "sku_unknown = 0", "greater than 0"),
        ("deadlines", "sku_unknown = 9000", "less than or equal to 8760"),
        ("deadlines", "sku_unknwn = 4", "sku_unknown"),
    ],
)
def test_invalid_backups_and_deadlines_are_refused(table: str, line: str, says: str) -> None:
    assert says in str(only_problem_of(f"{SMALL}\n[connections.main.design.{table}]\n{line}\n"))


def test_a_channel_written_into_the_file_is_not_repeated() -> None:
    problem = str(only_problem_of('[alerts.channels.shop]\nurl = "slack://s3cret"\n' + SMALL))
    assert "s3cret" not in problem


def test_roles_of_a_provider_are_the_roles_of_users() -> None:
    assert get_args(RoleName) == tuple(Role)
