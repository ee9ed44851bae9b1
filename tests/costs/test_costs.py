"""The page of costs tells what the code and the template do now."""

import pytest

from tests.costs.counting import CountingWorld, released
from tests.costs.page import PAGE, page
from tests.infra.reading import Assembled
from tests.infra.synthesis import synthesize

pytestmark = pytest.mark.xdist_group("template")
AGAIN = "run: .venv/bin/python -m tests.costs"


@pytest.fixture(scope="module")
def counted() -> CountingWorld:
    return released()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    return synthesize(tmp_path_factory.mktemp("costs"))["production"]


def test_the_page_is_made_of_what_is_counted(counted: CountingWorld, production: Assembled) -> None:
    assert PAGE.read_text("utf-8") == page(counted, production), AGAIN


def test_a_release_uses_what_it_must(counted: CountingWorld) -> None:
    """Whoever counts nothing would find a release free of charge."""
    assert counted.uses["SES mails"] >= 2, "two people are asked"
    assert counted.uses["SQS FIFO requests"] == 1, "one message"
    assert counted.uses["KMS signatures (ECC)"] >= 4, "manifest, two approvals, the hand-off"
    entries = len(counted.ledger())
    assert counted.uses["DynamoDB write units"] >= 5 * entries, "each entry, its head, and its index"
    assert counted.invoked["verify"] == counted.invoked["collect"] + 1 == 11
