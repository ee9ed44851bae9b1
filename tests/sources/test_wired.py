"""What functions are given to reach sources with: an adapter of every kind, and loopback for tests alone."""

from typing import get_args

import pytest

from cutover.contracts.sources import Source
from cutover.errors import Refused
from cutover.ports import SourceSystem
from cutover.runtime.settings import Settings
from cutover.runtime.wiring import Wiring
from tests.sources.loopback import reply, serving

GIVEN = {"CUTOVER_SECRETS_PREFIX": "cutover/cutover-test/sources/", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DEFAULT_REGION": "eu-west-1",
        "ACCESS_KEY_ID": "testing",
        "SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def test_every_kind_of_source_has_its_adapter() -> None:
    models = get_args(get_args(Source)[0])
    kinds = {get_args(each.model_fields["kind"].annotation)[0] for each in models}
    sources = Wiring(Settings(GIVEN)).sources
    assert set(sources) == kinds
    made: list[SourceSystem[object]] = [sources[kind] for kind in kinds]
    assert len({type(each) for each in made}) == len(kinds)


@pytest.mark.parametrize("value", [None, "", "0", "true", "yes", "1 ", "01"])
def test_this_machine_is_no_source(value: str | None) -> None:
    settings = GIVEN if value is None else {**GIVEN, "CUTOVER_TEST_LOOPBACK": value}
    web = Wiring(Settings(settings)).web
    with serving(lambda _: reply(200)) as server:
        for base, code in ((server.url, "SOURCE_NOT_TLS"), (web.base(server.host), "SOURCE_ADDRESS_FORBIDDEN")):
            with pytest.raises(Refused) as caught:
                web.get(f"{base}/", hosts=[server.host], limit=9)
            assert caught.value.code == code
    assert server.requests == []


def test_but_for_tests_that_say_so() -> None:
    web = Wiring(Settings({**GIVEN, "CUTOVER_TEST_LOOPBACK": "1"})).web
    with serving(lambda _: reply(200, b"here")) as server:
        assert web.get(f"{web.base(server.host)}/", hosts=[server.host], limit=9).content == b"here"
