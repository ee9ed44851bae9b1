"""The Lambda package: what is in it, what is not, and that its bytes depend on nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from infra import asset, packer
from infra.components.functions import RUNTIME


@pytest.fixture(scope="module")
def package() -> Path:
    """The local package, as the local stack deploys it; from the cache when nothing has changed."""
    return asset.package("local")


@pytest.fixture(scope="module")
def names(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


def test_it_holds_the_code_and_its_dependencies(names: list[str], repository: Path) -> None:
    ours = {
        path.relative_to(repository / "functions").as_posix()
        for path in (repository / "functions" / "cutover").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= set(names)
    tops = {name.partition("/")[0] for name in names}
    assert tops >= {"aws_lambda_powertools", "cryptography", "jinja2", "jmespath", "orjson", "pydantic", "rfc8785"}


def test_it_leaves_out_what_the_runtime_brings(names: list[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert not tops & {"boto3", "botocore", "s3transfer", "dateutil", "six.py", "urllib3"}
    assert not tops & {"aws_cdk", "pytest", "typer", "moto"}
    assert not tops & {"rich", "pygments", "markdown_it", "mdurl"}


ALONE = """
import importlib, pkgutil, sys
sys.path[:0] = sys.argv[1:]
import cutover
for each in pkgutil.walk_packages(cutover.__path__, "cutover."):
    importlib.import_module(each.name)
import sigstore.models, sigstore.verify
import icalendar, ijson, packageurl, slack_sdk.web, tzdata, webauthn, yaml
foreign = {name for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", "") or "")}
assert not foreign, foreign
"""


def test_every_module_loads_from_the_package_and_the_runtime_alone(package: Path, tmp_path: Path) -> None:
    """So nothing that was left out of it is missed, and nothing of this environment helps."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "package")
    (runtime := tmp_path / "runtime").mkdir()
    installed = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "dateutil", "six.py", "urllib3"):
        (runtime / name).symlink_to(installed / name)
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", ALONE, str(tmp_path / "package"), str(runtime)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_it_is_small_enough_to_start_from(package: Path) -> None:
    """Lambda takes 50 MB zipped and 250 MB unpacked. What is loaded first of all is how much there is to look through.

    A dependency that takes the package over these sizes is one to think about, not a number to raise.
    """
    with zipfile.ZipFile(package) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    assert package.stat().st_size < 30_000_000
    assert unpacked < 90_000_000


def test_it_holds_byte_code_for_every_module(names: list[str]) -> None:
    tag = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
    compiled = set(names)
    for name in names:
        if name.startswith("cutover/") and name.endswith(".py"):
            path = Path(name)
            assert f"{path.parent}/__pycache__/{path.stem}.{tag}.pyc" in compiled


def test_byte_code_is_trusted_unchecked(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
        flags = {int.from_bytes(archive.read(name)[4:8], "little") for name in compiled}
    assert flags == {0b01}  # PEP 552: a hash, not a time; not compared with the source


def test_it_tells_nothing_of_the_machine_that_built_it(package: Path, names: list[str], repository: Path) -> None:
    assert not [name for name in names if name.startswith("bin/") or name.endswith(("/RECORD", "direct_url.json"))]
    with zipfile.ZipFile(package) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} <= {0o100644, 0o100755}
        for name in (each for each in names if each.startswith("cutover/") and each.endswith(".pyc")):
            assert str(repository).encode() not in archive.read(name), name
    assert names == sorted(names)


def test_the_same_inputs_give_the_same_bytes(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset, "BUILD", tmp_path)
    again = asset.package("local")
    assert again != package
    assert again.name == package.name
    assert again.read_bytes() == package.read_bytes()


def test_a_second_call_builds_nothing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset, "_install", lambda *_: pytest.fail("built again"))
    assert asset.package("local") == package


def test_a_changed_source_is_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "functions" / "cutover"
    source.mkdir(parents=True)
    (tmp_path / "uv.lock").write_text("version = 1\n")
    monkeypatch.setattr(asset, "ROOT", tmp_path)
    digests: list[str] = []
    for name, text in (("one.py", "A = 1\n"), ("one.py", "A = 2\n"), ("two.py", "A = 2\n")):
        (source / name).write_text(text)
        digests.append(asset._inputs_digest(asset.flavour("local")))
    (tmp_path / "uv.lock").write_text("version = 2\n")
    digests.append(asset._inputs_digest(asset.flavour("local")))
    assert len(set(digests)) == 4


def test_aws_gets_wheels_for_arm_and_the_runtime_of_the_template() -> None:
    flavour = asset.flavour("aws")
    assert f"python{flavour.version}" == RUNTIME.name
    assert flavour.platform == "aarch64-manylinux_2_28"
    if flavour.compiler is not None:  # byte code of another version would be dead weight
        told = subprocess.run([flavour.compiler, "--version"], capture_output=True, text=True, check=True)
        assert told.stdout.startswith(f"Python {flavour.version}.")


def test_pruning_keeps_what_is_imported(tmp_path: Path) -> None:
    for name in ("bin/tool", "pkg/__init__.py", "pkg/bin/data", "pkg/__pycache__/a.pyc", "pkg-1.dist-info/RECORD",
                 "pkg-1.dist-info/METADATA", "pkg/RECORD"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    packer.prune(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"pkg/__init__.py", "pkg/bin/data", "pkg-1.dist-info/METADATA", "pkg/RECORD"}
