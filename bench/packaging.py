"""Building and proving what is signed: the manifest, and the whole message."""

from collections.abc import Iterator

from bench.measuring import Row, Timing, in_turn
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope
from cutover.contracts.manifest import Manifest
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.verification import verify_handoff
from tests.builders import AS_OF, BOUND_AT, Key, package, seal

GROUP = "Sign and prove"
_MESSAGE = b"what is signed" * 40


def rows() -> Iterator[Row]:
    made = package()
    key, keys = made.deployment.key("bind"), made.deployment.trusted_keys()
    said = made.manifest.model_dump(mode="json", by_alias=True)
    sealed = canonical.encode_model(seal(IN_TOTO_TYPE, canonical.encode(said), key))
    signature = key.sign(_MESSAGE)

    def build() -> Envelope:
        manifest = Manifest.model_validate_json(canonical.encode(said))
        return seal(IN_TOTO_TYPE, canonical.encode_model(manifest), key)

    def open_one() -> Manifest:
        envelope = dsse.parse(sealed)
        opened = dsse.open_envelope(envelope, payload_type=IN_TOTO_TYPE, purpose="bind", keys=keys, at=BOUND_AT)
        canonical.decode(opened.payload)
        return Manifest.model_validate_json(opened.payload)

    def prove() -> None:
        assert verify_handoff(made.message, trust=made.trust, documents=made.documents, now=AS_OF).verified

    timings = in_turn(
        {
            "sign": lambda: key.sign(_MESSAGE),
            "verify": lambda: _verify(key, signature),
            "build": build,
            "open": open_one,
            "prove": prove,
        },
        rounds=15,
        times=20,
    )
    yield Row(GROUP, "one P-256 signature", timings["sign"], note=_rate(timings["sign"], "signatures"))
    yield Row(GROUP, "one verification", timings["verify"], note=_rate(timings["verify"], "verifications"))
    yield Row(GROUP, "a manifest, built", timings["build"], "one P-256 signature", "model, canonical bytes, signature")
    yield Row(GROUP, "a manifest, verified", timings["open"], "one verification", "envelope, signature, bytes, model")
    count = f"{len(made.documents)} documents, all ten steps, {_rate(timings['prove'], 'messages')}"
    yield Row(GROUP, "a message, verified", timings["prove"], "one verification", count)


def _verify(key: Key, signature: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    key.private.public_key().verify(signature, _MESSAGE, ec.ECDSA(SHA256()))


def _rate(timing: Timing, what: str) -> str:
    return f"{1000 / timing.median:,.0f} {what}/s on one core, in software"
