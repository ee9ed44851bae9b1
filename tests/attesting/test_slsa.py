"""Where provenance says what, how a source is taken apart, and what a list of the policy admits."""

from typing import Any

import pytest

from cutover.domain import slsa
from cutover.domain.patterns import admits, admitted

REPOSITORY = "https://host.example/owner/name"


@pytest.mark.parametrize(
    ("uri", "repository", "ref"),
    [
        (f"git+{REPOSITORY}@refs/heads/main", REPOSITORY, "refs/heads/main"),
        (f"{REPOSITORY}@refs/tags/v1.0", REPOSITORY, "refs/tags/v1.0"),
        (REPOSITORY, REPOSITORY, None),
        (f"git+{REPOSITORY}", REPOSITORY, None),
        (f"git+{REPOSITORY}@", REPOSITORY, None),
        ("git+ssh://git@host.example/owner/name@main", "ssh://git@host.example/owner/name", "main"),
        ("https://user@evil.example/owner/name", "https://user@evil.example/owner/name", None),
        (f"git+{REPOSITORY}@refs/heads/a@b", REPOSITORY, "refs/heads/a@b"),
        ("https://host.example", "https://host.example", None),
        ("git@host.example:owner/name", "git@host.example:owner/name", None),
        ("", "", None),
        ("@", "@", None),
        ("git+git+x://a/b@c", "git+x://a/b", "c"),
    ],
)
def test_a_source_is_a_repository_and_a_ref(uri: str, repository: str, ref: str | None) -> None:
    assert slsa.source_of(uri) == (repository, ref)


@pytest.mark.parametrize(
    ("workflow", "path", "ref"),
    [
        (".github/workflows/release.yml", ".github/workflows/release.yml", None),
        (
            f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main",
            ".github/workflows/release.yml",
            "refs/heads/main",
        ),
        (
            "owner/name/.github/workflows/release.yml@refs/pull/7/merge",
            ".github/workflows/release.yml",
            "refs/pull/7/merge",
        ),
        (f"{REPOSITORY}/release.yml@a@b", "release.yml", "a@b"),
        (f"{REPOSITORY}/release.yml@", "release.yml", None),
        (f"{REPOSITORY}/release.yml", "release.yml", None),
        (f"{REPOSITORY}2/release.yml@main", f"{REPOSITORY}2/release.yml@main", None),
        ("other/name/release.yml@main", "other/name/release.yml@main", None),
        ("release.yml@main", "release.yml@main", None),
    ],
)
def test_a_workflow_is_a_path_in_its_repository_at_a_ref(workflow: str, path: str, ref: str | None) -> None:
    assert slsa.workflow_of(workflow, REPOSITORY) == (path, ref)


def test_without_a_repository_a_workflow_stays_as_it_is() -> None:
    assert slsa.workflow_of("/release.yml@main", "") == ("/release.yml@main", None)


def delegated() -> dict[str, Any]:
    """v1 as slsa-github-generator's delegators write it: what the run was is in the internal parameters."""
    source = {"uri": f"git+{REPOSITORY}@main", "digest": {"sha1": "c"}}
    return {
        "predicate": {
            "buildDefinition": {
                "externalParameters": {"inputs": {}, "source": source},
                "internalParameters": {
                    "GITHUB_REF": "main", "GITHUB_SHA": "c", "GITHUB_EVENT_NAME": "push",
                    "GITHUB_WORKFLOW_REF": "owner/name/release.yml@main",
                },
                "resolvedDependencies": [source],
            },
            "runDetails": {"builder": {"id": "https://builder.example"}},
        }
    }  # fmt: skip


def test_every_build_type_says_it_in_places_of_its_own() -> None:
    said = {name: slsa.said(delegated(), pointers) for name, pointers in slsa.CLAIMS.items()}
    uri = f"git+{REPOSITORY}@main"
    assert said == {
        "builder": ("https://builder.example",), "repository": (uri,), "ref": ("main", uri),
        "workflow": ("owner/name/release.yml@main",), "commit": ("c",),
    }  # fmt: skip
    assert (slsa.repositories(delegated()), slsa.refs(delegated())) == ((REPOSITORY,), ("main",))
    assert slsa.said(delegated(), slsa.EVENTS) == ("push",)


@pytest.mark.parametrize("value", [None, ""])
def test_null_and_the_empty_text_say_nothing(value: Any) -> None:
    assert slsa.said({"a": value, "b": "x"}, ("/a", "/b", "/c")) == ("x",)


@pytest.mark.parametrize("value", [0, 1, True, False, [], {}, ["x"]])
def test_what_is_no_text_is_said_and_is_nothing_that_a_list_admits(value: Any) -> None:
    assert slsa.said({"a": value}, ("/a",)) == (slsa.NO_TEXT,)
    assert not admitted(("x", "https://*", "refs/*"), slsa.NO_TEXT)


@pytest.mark.parametrize(
    "document", [None, [], "", 7, {}, {"subject": None}, {"subject": {}}, {"subject": [None, [], "x"]}]
)
def test_whatever_it_is_made_of_it_has_no_subject(document: Any) -> None:
    assert slsa.subjects(document) == frozenset()


def test_a_subject_is_a_digest_and_nothing_that_looks_a_little_like_one() -> None:
    listed = [
        {"digest": {"sha256": value}} for value in ("a" * 64, "A" * 64, "a" * 63, "a" * 64 + "\n", "\u0661" * 64, "")
    ]
    assert slsa.subjects({"subject": listed}) == {"sha256:" + "a" * 64}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("refs/heads/main", "refs/heads/main", True),
        ("refs/heads/main", "refs/heads/main2", False),
        ("refs/heads/main", "refs/heads/mai", False),
        ("refs/heads/*", "refs/heads/main", True),
        ("refs/heads/*", "refs/heads/a/b", True),
        ("refs/heads/*", "refs/heads/", True),
        ("refs/heads/*", "refs/tags/main", False),
        ("refs/*/main", "refs/heads/main", False),
        ("refs/*/main", "refs/*/main", True),
        ("*", "anything", True),
        ("", "", True),
        ("", "x", False),
        ("https://a.example/*", "https://a.example/b/../../c", False),
        ("https://gitlab.example/o/r*", "https://gitlab.example/o/r//.gitlab-ci.yml@refs/heads/main", True),
        ("https://a.example/*", "https://a.example/b?c", False),
        ("https://a.example/*", "https://a.example/b#c", False),
        ("https://a.example/*", "https://a.example/%2e%2e", False),
        ("https://a.example/*", "https://a.example/\\b", False),
        ("https://a.example/*", "https://a.example/*", False),
    ],
)
def test_a_star_admits_what_follows_unless_it_leads_elsewhere(pattern: str, value: str, expected: bool) -> None:
    assert admits(pattern, value) is expected


def test_an_empty_list_admits_nothing() -> None:
    assert not admitted((), "x")
    assert not admitted((), "")
