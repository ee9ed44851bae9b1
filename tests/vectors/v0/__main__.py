"""``python -m tests.vectors.v0``: freezes the bytes of examples that have none yet."""

import sys

from cutover.domain import canonical
from cutover.domain.translating import translate
from tests.vectors.v0.examples import EXAMPLES, frozen, terms

for example in EXAMPLES:
    if not frozen(example).exists():
        frozen(example).write_bytes(canonical.encode_model(translate(example.read_bytes(), terms())))
        sys.stdout.write(f"{frozen(example).name}\n")
