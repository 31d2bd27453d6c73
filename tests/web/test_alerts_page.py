"""Settings tell who is told of exceptions, and let an admin try a channel."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.alerts.test_alerts import CHANNEL, webhook
from tests.design.examples import SMALL
from tests.web.installation import csrf_of, house, template_database
from weighbridge.design.loading import parse_installation


def test_an_admin_tries_a_channel_and_reads_how_it_went(tmp_path: Path) -> None:
    shutil.copy(template_database(), tmp_path / "weighbridge.db")
    installation = parse_installation(SMALL + CHANNEL).resolved(tmp_path)
    with webhook(tmp_path) as service, house(tmp_path, installation) as home:
        with home.as_("otto") as otto:
            assert "Send a test" not in otto.get("/settings").text
            told = {"csrf": csrf_of(otto, "/")}
            assert otto.post("/settings/alerts/shop/test", data=told).status_code == 403
        with home.as_("ada") as ada:
            token = {"csrf": csrf_of(ada, "/settings")}
            assert "shop took the test message." in ada.post("/settings/alerts/shop/test", data=token).text
            service.down = True
            refused = ada.post("/settings/alerts/shop/test", data=token).text
            assert "shop: the service did not take the message." in refused
            assert "127.0.0.1:" not in refused.split('id="alerts"')[1], "addresses are secrets"
            assert ada.post("/settings/alerts/nobody/test", data=token).status_code == 400
            assert "Watched, though nothing failed" in ada.get("/flows").text
        assert service.told() == ["This channel is told of exceptions of: ecommerce. Nothing is wrong."]
