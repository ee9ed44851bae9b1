"""``DynamoTokens`` on a real engine keeps the contract that the fake keeps."""

from tests.adapters import test_tokens_contract
from tests.engines.contracts import cases

globals().update(cases(test_tokens_contract, "tokens"))
