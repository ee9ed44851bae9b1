"""``DynamoRecords`` on a real engine keeps the contract that the fake keeps."""

from tests.adapters import test_listings_contract, test_records_contract
from tests.engines.contracts import cases

globals().update(cases(test_records_contract, "records") | cases(test_listings_contract, "records"))
