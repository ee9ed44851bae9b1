"""Row 3: what CI must bring for every component."""

from functools import partial
from typing import Any

from tests.building.policy import AS_OF, DEPLOYMENT
from tests.checks.examples import Examples, example
from tests.checks.provenance import key
from tests.checks.scene import LONG, MARKUP, TURNED
from tests.checks.stating import SOMEBODY, Certificate, Published, anything, attested, by_tester, release

AT = "/attestations/0/statement"
UNTRUSTED = ("ATTESTATION_UNTRUSTED", AT)
MISMATCH = ("ATTESTATION_SUBJECT_MISMATCH", AT)
MISSING = tuple(("ATTESTATION_MISSING", f"/components/{n}/digest") for n in range(2))
ALONE: dict[str, Any] = {"candidate": lambda said: said["components"].pop()}
"""With the first component only, which has its attestation."""
TWO: dict[str, Any] = {
    "change_rules": {"attestations": {"tests": "https://example.com/tests/v1", "scan": "https://example.com/tests/v1"}}
}

EXAMPLES = {
    "attestations.signed": Examples(
        passing=(
            example("by a trusted key", lambda: release(None, ("tests", by_tester(attested())))),
            example(
                "by a certificate that counts", lambda: release(None, ("tests", Published(attested(), Certificate())))
            ),
            example("none announced", release),
        ),
        failing=(
            example("by a stranger", lambda: release(None, ("tests", Published(attested(), SOMEBODY))), UNTRUSTED),
            example(
                "by the key for provenance",
                lambda: release(None, ("tests", Published(attested(), DEPLOYMENT.key("provenance")))),
                UNTRUSTED,
            ),
            example(
                "by a revoked key",
                lambda: release(
                    None, ("tests", by_tester(attested())), change_facts=key("attestation", revoked_at=AS_OF)
                ),
                UNTRUSTED,
            ),
        ),
        hostile=(
            example(
                "signed as something else",
                lambda: release(
                    None, ("tests", Published(attested(), DEPLOYMENT.key("attestation"), payload_type=MARKUP))
                ),
                UNTRUSTED,
            ),
            example(
                "other bytes are read than were signed",
                lambda: release(None, ("tests", Published(attested(), DEPLOYMENT.key("attestation"), taken_out=b"{}"))),
                UNTRUSTED,
            ),
        ),
    ),
    "attestations.subject": Examples(
        passing=(example("about the artifact", lambda: release(None, ("tests", by_tester(attested())))),),
        failing=(
            example(
                "about another artifact",
                lambda: release(None, ("tests", by_tester(attested(subject=[{"digest": {"sha256": "a" * 64}}])))),
                MISMATCH,
            ),
        ),
        hostile=tuple(
            example(
                f"a subject like {ascii(said)[:20]}",
                partial(lambda said: release(None, ("tests", by_tester(attested(subject=said)))), said),
                MISMATCH,
            )
            for said in anything(
                None,
                [],
                {},
                [None],
                [{"digest": {"sha256": MARKUP}}],
                [{"digest": {"sha256": "D" * 64}}],
                "d" * 64,
            )
        ),
    ),
    "attestations.required": Examples(
        passing=(
            example("the only component has its own", lambda: release(None, ("tests", by_tester(attested())), **ALONE)),
            example("none is required", lambda: release(change_rules={"attestations": {}})),
        ),
        failing=(
            example("none is announced", release, *MISSING),
            example("one component has none", lambda: release(None, ("tests", by_tester(attested()))), MISSING[1]),
            example("another name", lambda: release(None, ("scan", by_tester(attested())), **ALONE), MISSING[0]),
            example("each of two required names", lambda: release(**ALONE, **TWO), MISSING[0], MISSING[0]),
        ),
        hostile=(
            example(
                "a name that begins like it",
                lambda: release(None, ("tests2", by_tester(attested())), **ALONE),
                MISSING[0],
            ),
            example(
                "the same twice for one of two",
                lambda: release(None, ("tests", by_tester(attested())), candidate=_twice),
                MISSING[1],
            ),
        ),
    ),
    "attestations.required-type": Examples(
        passing=(
            example("of the rules' type", lambda: release(None, ("tests", by_tester(attested())))),
            example(
                "a name that the rules do not know",
                lambda: release(None, ("other", by_tester(attested(predicateType="x")))),
            ),
        ),
        failing=(
            example(
                "of another type",
                lambda: release(None, ("tests", by_tester(attested(predicateType="https://example.com/scan/v1")))),
                ("ATTESTATION_TYPE_MISMATCH", AT),
            ),
        ),
        hostile=tuple(
            example(
                f"a type like {ascii(said)[:20]}",
                partial(lambda said: release(None, ("tests", by_tester(attested(predicateType=said)))), said),
                ("ATTESTATION_TYPE_MISMATCH", AT),
            )
            for said in anything(
                None,
                7,
                [],
                {},
                LONG,
                TURNED,
                MARKUP,
                "https://example.com/tests/v1 ",
                ["https://example.com/tests/v1"],
            )
        ),
    ),
    "attestations.required-once": Examples(
        passing=(
            example(
                "each has its own",
                lambda: release(
                    None, ("tests", by_tester(attested())), ("scan", by_tester(attested(predicate={}))), **TWO
                ),
            ),
        ),
        failing=(
            example(
                "one for two names",
                lambda: release(None, ("tests", by_tester(attested())), ("scan", by_tester(attested())), **TWO),
                ("ATTESTATION_REUSED", "/attestations/1/statement"),
            ),
        ),
        hostile=(
            example(
                "signed anew for the second name",
                lambda: release(
                    None, ("tests", by_tester(attested())), ("scan", Published(attested(), SOMEBODY)), **TWO
                ),
                ("ATTESTATION_REUSED", "/attestations/1/statement"),
            ),
        ),
    ),
}


def _twice(said: dict[str, Any]) -> None:
    said["attestations"] *= 2
