"""Secrets in records: found by kind, taken out without a trace, refused where they cannot be; little else is taken."""

import base64
import contextlib
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.domain.secrets import MAX_FOUND, Secret, found, redacted, screened
from cutover.domain.secrets.assigned import MAX_PLACES
from cutover.errors import Refused
from tests.building.manifests import large_cyclonedx

# Put together here, so that no scanner of this repository takes them for real: none of them ever was.
A = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z" * 4
HEXADECIMAL = "0123456789abcdef" * 8
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGH"
PEM = "-----BEGIN {0}PRIVATE KEY-----\n" + (A[:64] + "\n") * 3 + "-----END {0}PRIVATE KEY-----"
JWT = "ey" + "JhbGciOiJFUzI1NiJ9.ey" + "JzdWIiOiJkYW5hIn0." + A[:86]
SECRETS = {
    "github-token": [*(f"gh{each}_" + A[:36] for each in "pousr"), "github_" + "pat_" + A[:22] + "_" + A[:59]],
    "gitlab-token": ["glpat" + "-" + A[:20], "gldt" + "-" + A[:20], "glpat" + "-" + A[:27] + ".01." + A[:9]],
    "slack-token": ["xoxb" + "-123456789012-" + A[:24], "xapp" + "-1-A012345678-" + A[:40]],
    "slack-webhook": ["T01234567/B01234567/" + A[:24]],
    "stripe-key": ["sk" + "_live_" + A[:24], "rk" + "_test_" + A[:24], "whsec" + "_" + A[:32]],
    "npm-token": ["npm" + "_" + A[:36]],
    "pypi-token": ["pypi-" + "AgEIcHlwaS5vcmc" + A[:100]],
    "rubygems-token": ["rubygems" + "_" + HEXADECIMAL[:48]],
    "docker-token": ["dckr_" + "pat_" + A[:27]],
    "vault-token": ["hvs" + "." + A[:90]],
    "google-key": ["AI" + "za" + A[:35], "GOCSPX" + "-" + A[:28]],
    "digitalocean-token": ["dop" + "_v1_" + HEXADECIMAL[:64]],
    "databricks-token": ["da" + "pi" + HEXADECIMAL[:32]],
    "sendgrid-key": ["SG" + "." + A[:22] + "." + A[:43]],
    "model-key": ["sk-" + "proj-" + A[:48], "sk-" + "ant-" + A[:95]],
    "huggingface-token": ["hf" + "_" + LETTERS],
    "shopify-token": ["shpat" + "_" + HEXADECIMAL[:32]],
    "age-key": ["AGE-" + "SECRET-KEY-1" + "Q" * 58],
    "json-web-token": [JWT],
    "private-key": [PEM.format(each) for each in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")],
    "url-password": ["s3cr3t-" + A[:6], "p%40ss"],
    "bearer-token": [A[:40]],
}
AROUND = {"slack-webhook": "https://hooks.slack.com/services/{}", "url-password": "postgres://user:{}@db.example.com:5432/shop",
          "bearer-token": "Authorization header: Bearer {}"}  # fmt: skip
CASES = [
    pytest.param(kind, AROUND.get(kind, "{}"), secret, id=f"{kind} {number}")
    for kind, secrets in SECRETS.items()
    for number, secret in enumerate(secrets)
]


def document(text: str) -> bytes:
    return json.dumps({"title": "Cancel orders", "notes": ["first", f"see {text} there"], "last": 1}).encode()


def kinds(content: bytes) -> list[str]:
    return [each.kind for each in found(content)]


def said(name: str, value: Any) -> bytes:
    return json.dumps({"before": 1, name: value, "after": [2]}, indent=1).encode()


@pytest.mark.parametrize(("kind", "around", "secret"), CASES)
def test_a_secret_is_taken_out_and_nothing_else(kind: str, around: str, secret: str) -> None:
    content = document(around.format(secret))
    stored, redactions = screened(content, policy="redact", signed=False)
    assert [(each.kind, each.count) for each in redactions] == [(kind, 1)]
    assert secret.partition("\n")[0].encode() not in stored
    assert A[:12].encode() not in stored
    assert json.loads(stored) == json.loads(document(around.format(f"(redacted:{kind})")))


@pytest.mark.parametrize(("kind", "around", "secret"), CASES)
def test_a_secret_is_refused_without_being_shown(kind: str, around: str, secret: str) -> None:
    content = document(around.format(secret))
    for signed, policy in ((False, "refuse"), (True, "refuse"), (True, "redact")):
        with pytest.raises(Refused) as refused:
            screened(content, policy=policy, signed=signed)  # type: ignore[arg-type]
        assert refused.value.code == "SOURCE_RECORD_HAS_SECRET"
        told = refused.value.detail + refused.value.mend
        assert f"{kind} at byte {found(content)[0].start}" in told
        assert secret not in told


@pytest.mark.parametrize(("kind", "around", "secret"), CASES)
def test_what_was_redacted_stays_as_it_is(kind: str, around: str, secret: str) -> None:
    stored, _ = screened(document(around.format(secret)), policy="redact", signed=False)
    assert screened(stored, policy="refuse", signed=False) == (stored, ())


@pytest.mark.parametrize("kind", AROUND)
def test_slashes_may_be_escaped(kind: str) -> None:
    content = document(AROUND[kind].format(SECRETS[kind][0])).replace(b"/", rb"\/")
    stored, redactions = screened(content, policy="redact", signed=False)
    assert [each.kind for each in redactions] == [kind]
    assert json.loads(stored) == json.loads(document(AROUND[kind].format(f"(redacted:{kind})")))


def test_a_secret_inside_a_signed_payload_is_refused() -> None:
    payload = document("glpat" + "-" + A[:20])
    envelope = {"payloadType": "application/json", "payload": base64.b64encode(payload).decode(), "signatures": []}
    for whole in (envelope, {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": envelope}):
        with pytest.raises(Refused, match=r"gitlab-token at byte \d+ of its payload"):
            screened(json.dumps(whole).encode(), policy="redact", signed=True)
    assert screened(json.dumps(envelope).encode(), policy="refuse", signed=False)[1] == ()


def test_a_signed_record_that_is_no_envelope_is_left_to_others() -> None:
    assert screened(b"not JSON", policy="refuse", signed=True) == (b"not JSON", ())


# AWS


def test_an_access_key_goes_with_its_secret() -> None:
    key, secret = "AKIA" + "ABCDEFGHIJKLMNO2", A[:20] + "/+" + A[:18]
    content = json.dumps({"id": key, "other": secret}).encode()
    assert kinds(content) == ["aws-access-key", "aws-secret-key"]
    assert json.loads(redacted(content, found(content))) == {
        "id": "(redacted:aws-access-key)", "other": "(redacted:aws-secret-key)",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "ABCDEFGHIJKLMNO2",
        "AKIA" + "ABCDEFGHIJKLMNO2 at " + HEXADECIMAL[:40],
        "AKIA" + "ABCDEFGHIJKLMNO2" + "." * 400 + A[:40],
        A[:40],
    ],
)
def test_an_access_key_id_alone_is_no_secret(text: str) -> None:
    assert found(document(text)) == ()


# Named


@pytest.mark.parametrize("name", ["password", "db_password", "DbPassword", "db.passwd", "PASSPHRASE", "admin-pwd"])
@pytest.mark.parametrize("value", ["hunter2", "correct horse battery", 'quo"ted\\', "pässwörter", "1234"])
def test_what_is_called_a_password_is_one(name: str, value: str) -> None:
    content = said(name, value)
    stored, redactions = screened(content, policy="redact", signed=False)
    assert json.loads(stored) == {"before": 1, name: "(redacted:password)", "after": [2]}
    assert [(each.kind, each.count) for each in redactions] == [("password", 1)]


@pytest.mark.parametrize(
    "name", ["secret", "clientSecret", "access_token", "apiKey", "api-key", "aws_secret_access_key", "private_key",
             "accountKey", "credentials", "Authorization", "x-auth-token"]
)  # fmt: skip
def test_what_is_called_a_key_and_looks_like_one_is_one(name: str) -> None:
    assert kinds(said(name, "9fX2-kd83Lq")) == ["named-secret"]


@pytest.mark.parametrize(
    "value",
    ["", "${DB_PASSWORD}", "{{ password }}", "<password>", "%PASSWORD%", "$(pass)", "****", "xxxxxx", "password",
     "changeme", "None", "...", "arn:aws:secretsmanager:eu-central-1:1:secret:db-Ab12", "vault:kv/db#password",
     "projects/1/secrets/db/versions/2", "/run/secrets/Db1", "https://example.com/Reset1", "(redacted:password)"]
)  # fmt: skip
@pytest.mark.parametrize("name", ["password", "token"])
def test_what_stands_for_a_secret_is_none(name: str, value: str) -> None:
    assert found(said(name, value)) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tokenUrl", "https://issuer.example/Token1"), ("secretName", "Database-1"), ("password_policy", "Strong-12"),
        ("token", "orders-service"), ("secret", "db-credentials"), ("token_type", "Bearer-1"), ("key", "Orders.Stop.1"),
        ("public_key", A[:60]), ("primaryKey", A[:60]), ("keyid", HEXADECIMAL[:64]), ("token", "two Words with Space"),
        ("password", 7), ("password", None), ("token", {"State1": "ENABLED-1"}), ("tokenizer", "BPE-50257-x"),
        ("compass", "North-West-1"), ("description", "The password is set by Ops1."),
    ],
)  # fmt: skip
def test_what_is_no_secret(name: str, value: Any) -> None:
    assert found(said(name, value)) == ()


@pytest.mark.parametrize(
    "setting",
    [
        {"name": "DB_PASSWORD", "value": "hunter2"},
        {"value": "hunter2", "name": "db.password"},
        {"name": "db.password", "base": None, "value": "hunter2"},
        {"name": "password", "note": "old", "base": "hunter2"},
    ],
)
def test_a_setting_of_that_name(setting: dict[str, Any]) -> None:
    """As overlays and properties have it."""
    other = {"name": "replicas", "value": "3-Of-Them"}
    content = json.dumps({"settings": [other, setting, other]}).encode()
    stored = redacted(content, found(content))
    expected = {key: "(redacted:password)" if value == "hunter2" else value for key, value in setting.items()}
    assert json.loads(stored) == {"settings": [other, expected, other]}


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("password: hunter2", "password: (redacted:password)"),
        ("  db_password: 'hunter 2'  # old", "  db_password: '(redacted:password)'  # old"),
        ('- "password": "hunter2"', '- "password": "(redacted:password)"'),
        ("apiKey: 9fX2-kd83Lq", "apiKey: (redacted:named-secret)"),
        ("env: DB_PASSWORD=hunter22x", "env: DB_PASSWORD=(redacted:assigned-secret)"),
        ("tokenUrl: https://issuer.example/1", "tokenUrl: https://issuer.example/1"),
        ("password: ${PASSWORD}", "password: ${PASSWORD}"),
        ("title: Change the password: now1", "title: Change the password: now1"),
        ("password: |", "password: |"),
        ("password: hun#ter2 # old", "password: (redacted:password) # old"),
        ("password: |\n  hunter2\n\n  hunter3", "password: |\n  (redacted:password)"),
        (
            "- db:\n    password: >-  # old\n      hunter2\n    user: x",
            "- db:\n    password: >-  # old\n      (redacted:password)\n    user: x",
        ),
        ("password:\n  hunter2", "password:\n  (redacted:password)"),
        ("password:\n  'hunter 2'  # old", "password:\n  '(redacted:password)'  # old"),
        ("password: 'it''s\n\n  hunter2'", "password: '(redacted:password)'"),
        ("password:\n  policy: strong-1", "password:\n  policy: strong-1"),
        ("password:\n  - rule-1", "password:\n  - rule-1"),
        ("apiKey:\n  9fX2-kd83Lq", "apiKey:\n  (redacted:named-secret)"),
        ("db: {user: x, password: hunter2, port: 1}", "db: {user: x, password: (redacted:password), port: 1}"),
        ("db: {'password': 'hunter, 2'}", "db: {'password': '(redacted:password)'}"),
        ("db: {token: ${TOKEN}, a: 9fX2-kd83Lq}", "db: {token: ${TOKEN}, a: 9fX2-kd83Lq}"),
        (
            "env:\n  - name: DB_PASSWORD\n    value: hunter2",
            "env:\n  - name: DB_PASSWORD\n    value: (redacted:password)",
        ),
        ("env:\n- value: 'hunter 2'\n  name: DB_PASSWORD", "env:\n- value: '(redacted:password)'\n  name: DB_PASSWORD"),
        ("- name: DB_PASSWORD\n  value: |\n    hunter2", "- name: DB_PASSWORD\n  value: |\n    (redacted:password)"),
        ("- - value: hunter2\n    name: DB_PASSWORD", "- - value: (redacted:password)\n    name: DB_PASSWORD"),
        ("- {name: DB_PASSWORD, value: hunter2}", "- {name: DB_PASSWORD, value: (redacted:password)}"),
        ('- {"name": "DB_PASSWORD", "value":"hunter2"}', '- {"name": "DB_PASSWORD", "value":"(redacted:password)"}'),
        ("- name: DB_PASSWORD\n- name: a\n  value: b", "- name: DB_PASSWORD\n- name: a\n  value: b"),
        ("- name: DB_PASSWORD\n  valueFrom:\n    name: db1", "- name: DB_PASSWORD\n  valueFrom:\n    name: db1"),
        ("- name: forgot-password-page\n  value: on1", "- name: forgot-password-page\n  value: on1"),
        ("title: Reset it, password: now1", "title: Reset it, password: now1"),
        ("login: {password: true, token: false}", "login: {password: true, token: false}"),
        ("password: true", "password: true"),
    ],
)
def test_yaml(line: str, left: str) -> None:
    content = f"kind: Component\n{line}\nlast: 1\n".encode()
    assert redacted(content, found(content)).decode() == f"kind: Component\n{left}\nlast: 1\n"


def test_a_key_in_a_block_of_yaml() -> None:
    pem = PEM.format("RSA ").replace("\n", "\n    ")
    content = f"kind: Component\nkey: |\n    {pem}\nlast: 1\n".encode()
    assert redacted(content, found(content)) == b"kind: Component\nkey: |\n    (redacted:private-key)\nlast: 1\n"


@pytest.mark.parametrize("text", ["Server=db;User=sa;Password=Hunter22;", "https://x.example/?access_token=" + A[:20]])
def test_assignments(text: str) -> None:
    assert kinds(document(text)) == ["assigned-secret"]


# What is not taken


def test_published_records_have_none(vectors: Path) -> None:
    """Digests, package URLs, certificates, signatures and logs of Sigstore."""
    read = [path for path in vectors.rglob("*") if path.is_file()]
    assert len(read) > 100
    assert {str(path): kinds(path.read_bytes()) for path in read if found(path.read_bytes())} == {}


def test_base64_and_digests_have_none() -> None:
    generator = random.Random(4)  # noqa: S311  # the same bytes each time
    noise = generator.randbytes(2_000_000)
    for encoded in (
        base64.b64encode(noise),
        base64.urlsafe_b64encode(noise),
        noise.hex().encode(),
        base64.b32encode(noise),
    ):
        assert found(b'{"payload":"' + encoded + b'"}') == ()


def test_noise_of_any_kind_has_none() -> None:
    assert found(random.Random(5).randbytes(4_000_000)) == ()  # noqa: S311


# Limits


def test_a_manifest_of_many_megabytes_takes_seconds() -> None:
    content = large_cyclonedx(8_000_000)
    started = time.process_time()
    assert found(content) == ()
    assert time.process_time() - started < 4


def test_a_body_with_too_much_to_look_at_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        found(b"password=" * (MAX_PLACES + 1))
    assert refused.value.code == "SOURCE_RECORD_NOT_SCREENED"


UNITS = [
    "ghp_", "ghp_ghp_" + A[:20], "glpat-" + A[:20] + ".", "eyJ", "eyJ" + A[:20] + ".", "eyJa.eyJ", "xoxb-", "SG.",
    "hvs.a.", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "----", "://", "://a:", "://a:b", "a:b@",
    "AKIA" + "ABCDEFGHIJKLMNO2", "AKIA", A[:40] + " ", '"password"', '"name":"password",', '{"name":"password"',
    '"name": "' + "a" * 100 + 'password"', "password=", "password:", "\npassword: ", "\n" + " " * 150 + "password: ",
    '"token":"', '"token" : ', "pass", "key", "api_key", "bearer ", "Bearer aaaaaaaaaaaaaaaaaaa ", "a" * 19 + " ", "\\",
    '\\"', '"secret":"\\', "\n", " ", "a", "'", "\n-" + " -" * 60, "\n" + "a" * 90 + ":",
    "\npassword:\n ", "\npassword: |\n  x", "{password: ", ",password: a", "{password: {", "\nname: pwd",
    "- name: pwd ", "''password: ''",
    "\nname: pwd\nvalue: ", "{name: pwd,", "name: pwd, value: a,", "\nname: pwd\n" + "-" * 40, "\npassword:\n'",
    "- {name: pwd, value: a}\n", "\npassword:\n" + "a" * 400, "password: '",
    "".join("\n" + " " * depth + "password: |" for depth in range(40)),
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_bodies_take_time_in_proportion(unit: str) -> None:
    """Four times as many bytes may take about four times as long, not sixteen times."""
    taken = []
    for size in (200_000, 800_000):
        content = unit.encode() * (size // len(unit))
        started = time.process_time()
        with contextlib.suppress(Refused):  # where there are too many, looking ends there
            found(content)
        taken.append(time.process_time() - started)
    assert taken[1] < max(10 * taken[0], 0.5)
    assert taken[1] < 2


TEXTS = st.sampled_from(
    [
        *(secret for secrets in SECRETS.values() for secret in secrets),
        *UNITS,
        "hunter2",
        "password",
        "é",
        '"',
        "\\",
        "\n",
    ]
)


NAMES = st.sampled_from(["password", "apiKey", "name", "value", "token", "note"])
VALUES = st.recursive(
    TEXTS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@given(VALUES)
def test_json_stays_json_and_redacting_twice_changes_nothing(value: Any) -> None:
    content = json.dumps([value]).encode()
    stored = redacted(content, found(content))
    assert shape(json.loads(stored)) == shape(json.loads(content))
    assert redacted(stored, found(stored)) == stored


def shape(value: Any) -> Any:
    """A JSON value without its texts: where every pointer leads."""
    if isinstance(value, list):
        return [shape(each) for each in value]
    return {key: shape(each) for key, each in value.items()} if isinstance(value, dict) else None


def test_nothing_found_leaves_the_very_same_bytes() -> None:
    content = b'{"a": 1}'
    assert screened(content, policy="redact", signed=False) == (content, ())
    assert redacted(content, ()) is content
    assert Secret("password", 1, 2) == Secret("password", 1, 2)


def test_a_record_that_is_full_of_secrets_is_not_kept_and_costs_no_memory() -> None:
    many = b"://a:b1@c " * (MAX_FOUND + 1)
    assert len(found(many[: len(many) // 2])) > 1000
    for policy in ("refuse", "redact"):
        with pytest.raises(Refused, match="more than 10000 secrets") as refused:
            screened(many, policy=policy, signed=False)
        assert refused.value.code == "SOURCE_RECORD_NOT_SCREENED"
