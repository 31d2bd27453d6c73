"""Settings list the alert channels, and an admin can send a test message."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.alerts.test_alerts import CHANNEL, webhook
from tests.design.examples import SMALL
from tests.web.installation import csrf_of, running_installation, template_database
from weighbridge.design.loading import parse_installation


def test_an_admin_tries_a_channel_and_reads_how_it_went(tmp_path: Path) -> None:
    shutil.copy(template_database(), tmp_path / "weighbridge.db")
    installation = parse_installation(SMALL + CHANNEL).resolved(tmp_path)
    with webhook(tmp_path) as service, running_installation(tmp_path, installation) as home:
        with home.signed_in_as("otto") as otto:
            assert "Send a test" not in otto.get("/settings").text
            form = {"csrf": csrf_of(otto, "/")}
            assert otto.post("/settings/alerts/shop/test", data=form).status_code == 403
        with home.signed_in_as("ada") as ada:
            token = {"csrf": csrf_of(ada, "/settings")}
            assert "shop accepted the test message." in ada.post("/settings/alerts/shop/test", data=token).text
            service.down = True
            refused = ada.post("/settings/alerts/shop/test", data=token).text
            assert "shop: the service did not accept the message." in refused
            assert "127.0.0.1:" not in refused.split('id="alerts"')[1], "addresses are secrets"
            assert ada.post("/settings/alerts/nobody/test", data=token).status_code == 400
            assert '<h2 id="monitors">Monitors</h2>' in ada.get("/flows").text
        assert service.received() == [
            "This channel receives the exceptions of: ecommerce. This is a test; nothing is wrong."
        ]
