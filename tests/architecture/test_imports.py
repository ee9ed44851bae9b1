"""Dependencies point one way (DESIGN §3): read from the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "functions"
FILES = sorted((ROOT / "cutover").rglob("*.py"))
SHARED = {
    "cutover.admissions", "cutover.contracts", "cutover.domain", "cutover.drifting", "cutover.errors",
    "cutover.exceptions", "cutover.guards", "cutover.journal", "cutover.lapsing", "cutover.loading",
    "cutover.messaging", "cutover.packages", "cutover.pages", "cutover.policies", "cutover.ports", "cutover.recorder",
    "cutover.sealing", "cutover.succession", "cutover.together",
}  # fmt: skip
OUTSIDE = {
    "boto3", "botocore", "aws_lambda_powertools", "os", "time", "random", "secrets", "uuid", "socket", "ssl", "http",
    "urllib", "urllib3", "requests", "httpx", "subprocess", "threading", "asyncio", "tempfile", "shutil", "pathlib",
    "sys", "platform", "locale",
}  # fmt: skip
"""What would make a result depend on where and when it is computed."""
NOW = {"now", "utcnow", "today", "time", "monotonic", "time_ns"}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def named(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, inside functions and type-checking blocks too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = {f"{base}.{alias.name}" for alias in node.names}
            yield from (names & MODULES) or {base}


def within(name: str, allowed: set[str]) -> bool:
    return any(name == each or name.startswith(each + ".") for each in allowed)


def allowed_in(path: Path) -> set[str]:
    """What of Cutover a file may import."""
    layer, *rest = path.relative_to(ROOT / "cutover").parts
    own = module_of(path.parent / "__init__.py")
    if layer == "contracts":
        return {"cutover.contracts"}
    if layer in {"domain", "attesting"}:
        beside = {"domain": {"cutover.ports"}, "attesting": {"cutover.attesting"}}
        return {"cutover.contracts", "cutover.domain", "cutover.errors"} | beside[layer]
    if layer in {"stages", "doors"}:
        around = {"stages": {"cutover.stages.flow"}, "doors": {"cutover.doors.events", "cutover.doors.signed_events"}}
        outermost = {"cutover.runtime"} if rest[-1] == "handler.py" else set()
        return SHARED | {own} | around[layer] | outermost
    if layer in {"adapters", "sources"}:
        documents = {
            "cutover.domain.base64url",
            "cutover.domain.canonical",
            "cutover.domain.correspondence",
            "cutover.domain.ledger",
            "cutover.domain.naming",
            "cutover.domain.record",
        }
        # A port takes a message in plain words; the form that Slack wants is the adapter's part.
        forms = {"cutover.messaging.message", "cutover.messaging.slack_blocks"}
        tools = {"cutover.adapters"} | documents | forms
        reading = {"cutover.domain.bounded", "cutover.domain.pointer", "cutover.domain.reading"}
        siblings = {"cutover.sources"} | reading if layer == "sources" else set()
        return {"cutover.contracts", "cutover.ports", "cutover.errors"} | tools | siblings
    if layer == "runtime":
        return {"cutover"}
    return SHARED


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_imports_only_what_its_layer_may(path: Path) -> None:
    found = {name for name in imports(path) if within(name, {"cutover"}) and name != "cutover"}
    assert {name for name in found if not within(name, allowed_in(path))} == set()


def layer(*names: str) -> list[Path]:
    return [path for path in FILES if path.relative_to(ROOT / "cutover").parts[0] in names]


@pytest.mark.parametrize("path", layer("contracts", "domain"), ids=module_of)
def test_the_core_knows_no_machine_no_moment_and_no_network(path: Path) -> None:
    used = {name.partition(".")[0] for name in imports(path)}
    assert used & OUTSIDE == set()


@pytest.mark.parametrize("path", layer("contracts", "domain", "stages", "doors", "adapters", "sources"), ids=module_of)
def test_only_the_clock_knows_the_time(path: Path) -> None:
    """Nobody asks the system for the present but the adapter that is the clock."""
    asked = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOW
        and isinstance(node.func.value, ast.Name) and node.func.value.id in {"datetime", "date", "time"}
    ]  # fmt: skip
    assert asked == (["datetime.now(UTC)"] if path.name == "system_clock.py" else [])


@pytest.mark.parametrize("path", layer("stages", "doors"), ids=module_of)
def test_stages_and_doors_reach_aws_through_ports_only(path: Path) -> None:
    used = {name.partition(".")[0] for name in imports(path)}
    assert used & {"boto3", "botocore", "os", "socket", "requests", "httpx"} == set()


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_only_attesting_knows_sigstore_and_only_when_it_verifies(path: Path) -> None:
    """Its import costs more than all that a function does."""
    used = {name.partition(".")[0] for name in imports(path)}
    heavy = {"sigstore", "sigstore_models", "rfc3161_client"}
    assert not used & heavy or path.parent.name == "attesting"
    first = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not {name.partition(".")[0] for node in first for name in named(node)} & heavy


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_the_environment_is_read_in_one_place(path: Path) -> None:
    text = path.read_text()
    mentions = "os.environ" in text or "os.getenv" in text or "environ[" in text
    assert mentions == (module_of(path) == "cutover.runtime.wiring")


def test_no_folder_shadows_a_standard_module() -> None:
    """In the zip, the asset's own folder comes first on the path."""
    import sys

    tops = {path.name.removesuffix(".py") for path in (ROOT / "cutover").iterdir()}
    assert {"cutover"} & sys.stdlib_module_names == set()
    assert (tops - {"__init__", "__pycache__"}) & {"select", "queue", "token", "types", "calendar"} == set()
