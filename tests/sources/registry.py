"""Debian's ``docker-registry`` (Distribution 2.8) on this machine: open, with passwords, or behind a token service."""

import base64
import functools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.sources.loopback import Request, reply

USER, PASSWORD = "reader", "made-up-password"
HTPASSWD = "reader:$2y$05$TeHW8QD7GtpQ7tipi1LzKeRTy9D7iFOhlthGUYwPwo8sM0dT2.Ouu\n"
SERVICE, ISSUER = "registry.test", "issuer.test"


@contextmanager
def running(folder: Path, data: Path, auth: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Its host, on a port that was free, until the block ends. Skips where it is not installed."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(data)}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": "made-up", "relativeurls": False},
    }
    if auth:
        settings["auth"] = dict(auth)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump(settings))
    with subprocess.Popen([program, "serve", config], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()
            assert process.stderr is not None
            process.stderr.read()


def _address(process: "subprocess.Popen[bytes]") -> str:
    """As the registry itself says it, once it listens."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.decode())
        if found := re.search(r"listening on (127\.0\.0\.1:[0-9]+)", said[-1]):
            return found[1]
    raise AssertionError("docker-registry did not start: " + "".join(said))


def passwords(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "htpasswd"
    file.write_text(HTPASSWD)
    return {"htpasswd": {"realm": "registry", "path": str(file)}}


@dataclass
class TokenService:
    """Gives tokens for pulling, to anybody or to who knows the password. ``asked``: the queries that came."""

    password: str | None = None
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def auth(self, folder: Path, realm: str) -> dict[str, Any]:
        """The registry's settings, with which it believes this service."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "bundle.pem"
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(file)}}

    def answer(self, request: Request) -> list[bytes]:
        if self.password is not None and request.headers.get("authorization") != basic(USER, self.password):
            return reply(401)
        query = parse_qs(urlsplit(request.target).query)
        self.asked.append(query)
        return reply(200, json.dumps({"token": self.token(*query.get("scope", []))}).encode())

    def token(self, *scopes: str) -> str:
        now = datetime.now(UTC)
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        head = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": ISSUER, "sub": USER, "aud": SERVICE, "jti": "1", "access": access,
            "nbf": int(now.timestamp()) - 60, "iat": int(now.timestamp()) - 60, "exp": int(now.timestamp()) + 300,
        }  # fmt: skip
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    @functools.cached_property
    def certificate(self) -> x509.Certificate:
        now = datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), 7)
        dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return dated.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
            self.key, hashes.SHA256()
        )


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
