"""`cutover attest`: vouching for an artifact with a key; whether a bundle proves that somebody did, offline."""

import hashlib
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused
from cutover_cli import files, signing
from cutover_cli.output import BadArgument, Format, FormatOption, answer, answering, oneline

if TYPE_CHECKING:
    from cutover.attesting.bundles import Proved
    from cutover.domain.identities import Wanted

app = typer.Typer(help="Who vouched for an artifact.", no_args_is_help=True)
_PART = 1_048_576
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


@app.callback()
def attest() -> None:
    """Who vouched for an artifact."""


@app.command()
def sign(
    statement: Annotated[Path, typer.Argument(metavar="FILE", help="An in-toto statement, in JSON.")],
    *,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key, that the facts trust.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the envelope is written.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Sign a statement about an artifact with a key: provenance, or the result of tests. Its bytes stay as they are.

    For a CI that has no identity of its own (Sigstore). It only looks whether this is a statement, of what.
    """
    with answering(form):
        payload = files.content(statement)
        from cutover.attesting.asking import statement_of
        from cutover.domain import slsa

        about = sorted(slsa.subjects(statement_of(payload)))
        if not about:
            raise Refused("SUBJECT_MISSING", f"{statement}: no subject has a SHA-256 digest")
        signer = signing.load(key)
        files.write(out, canonical.encode_model(signing.seal(IN_TOTO_TYPE, payload, signer)))
        said = _statement(payload) or {}
        said = {"result": "signed", "key": signer.key_id, "subjects": about, **said, "file": str(out)}
        answer(said, form, lambda: f"signed  {out}\n  about  {', '.join(about)}\n  key    {signer.key_id}")


@app.command()
def verify(
    *,
    bundle: Annotated[Path, typer.Option("--bundle", metavar="FILE", help="A Sigstore bundle, version 0.1 to 0.3.")],
    subject: Annotated[Path | None, typer.Option("--subject", metavar="FILE", help="The artifact itself.")] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="DIGEST", help="Or its digest: sha256: and 64 hex digits.")
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option("--identity", metavar="NAME", help="The certificate's subject; with * at its end, its beginning."),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="URL", help="Who knew that identity, such as a CI's OIDC issuer.")
    ] = None,
    repository: Annotated[
        str | None, typer.Option("--repository", metavar="URL", help="The source repository in the certificate.")
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option("--ref", metavar="REF", help="The source ref in the certificate; * at its end as above."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Instead of an identity: a public key in PEM.")
    ] = None,
    trusted_root: Annotated[
        Path | None,
        typer.Option(
            "--trusted-root", metavar="FILE", help="Sigstore's trusted_root.json.  [default: the public instance's]"
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Verify offline that an identity, or a key, signed this artifact or a statement about it.

    Exits 0 when verified, 3 when refused or unreadable. It says who signed, never that what they state is true.
    """
    with answering(form):
        by = _wanted(identity, issuer, repository, ref) if key is None else _key(key, identity, issuer, repository, ref)
        artifact = _artifact(subject, digest)
        content = files.content(bundle)
        from cutover.attesting import asking, roots

        root = roots.public_good_root() if trusted_root is None else files.content(trusted_root, roots.MAX_ROOT_BYTES)
        proved = asking.attest(content, root=root, artifact=artifact, by=by)
        said = _document(proved, artifact, root)
        answer(said, form, lambda: _text(said))


def _wanted(identity: str | None, issuer: str | None, repository: str | None, ref: str | None) -> "Wanted":
    if not identity or not issuer:
        raise BadArgument("say who must have signed: --identity and --issuer, or --key")
    from cutover.domain.identities import Wanted

    return Wanted(issuer, identity, repository, ref)


def _key(file: Path, *others: str | None) -> bytes:
    """A public key's SubjectPublicKeyInfo. ``Refused``: ``KEY_UNREADABLE``."""
    if any(each is not None for each in others):
        raise BadArgument("a key has no identity, issuer, repository or ref: give either --key or these")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        found = load_pem_public_key(files.content(file, 16_384))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("KEY_UNREADABLE", f"{file}: not a public key in PEM") from error
    return found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _artifact(subject: Path | None, digest: str | None) -> Digest:
    if subject is not None and digest is None:
        return _digest_of(subject)
    if digest is None or subject is not None:
        raise BadArgument("say what must have been signed: either --subject or --digest")
    if not _DIGEST.fullmatch(digest):
        raise BadArgument("--digest: expected sha256: and 64 lower-case hexadecimal digits")
    return digest


def _digest_of(file: Path) -> Digest:
    """The digest of a regular file of any size. ``Refused``: ``UNREADABLE``."""
    hashed = hashlib.sha256()
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise Refused("UNREADABLE", f"{file}: not a regular file")
        with file.open("rb") as opened:
            while part := opened.read(_PART):
                hashed.update(part)
    except (OSError, ValueError) as error:
        raise Refused("UNREADABLE", f"{file}: {getattr(error, 'strerror', None) or 'not a file name'}") from error
    return f"sha256:{hashed.hexdigest()}"


def _document(proved: "Proved", artifact: Digest, root: bytes) -> dict[str, Any]:
    certificate = proved.claims
    names = ("issuer", "identity", "repository", "ref", "workflow", "commit", "event")
    return {
        "result": "verified",
        "artifact": artifact,
        "certificate": {name: getattr(certificate, name) for name in names} if certificate is not None else None,
        "key": dsse.key_id(proved.key) if proved.key is not None else None,
        "signed_at": [format_instant(each) for each in proved.times],
        "statement": _statement(proved.payload),
        "trusted_root": canonical.digest(root),
    }


def _statement(payload: bytes | None) -> dict[str, Any] | None:
    """Which statement it is; its own words are not repeated, for nobody has judged them."""
    if payload is None:
        return None
    from cutover.attesting.asking import statement_of
    from cutover.domain.pointer import resolve

    stated = resolve(statement_of(payload), "/predicateType")
    return {"sha256": canonical.digest(payload), "predicate_type": stated if isinstance(stated, str) else None}


def _text(said: dict[str, Any]) -> str:
    certificate, statement = said["certificate"], said["statement"]
    signer = {"key": said["key"]} if certificate is None else {k: v for k, v in certificate.items() if v is not None}
    rows = {
        **signer,
        "signed at": ", ".join(said["signed_at"]),
        "statement": f"{statement['predicate_type']}  {statement['sha256']}"
        if statement
        else "none: the artifact itself",
        "trusted root": said["trusted_root"],
    }
    return "\n".join(
        [f"VERIFIED  {said['artifact']}", *(f"  {name:<13} {oneline(str(each))}" for name, each in rows.items())]
    )
