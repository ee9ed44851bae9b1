"""Reads a template in people's words: `{Store/Store}` for a resource, by its path in the construct tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from infra.config import Stage

if TYPE_CHECKING:
    from infra.stack import CutoverStack

Json = dict[str, Any]


class Resource(NamedTuple):
    """One resource of a template. `path` is its construct's, without the stack's and a last `/Resource`."""

    path: str
    kind: str
    properties: Json
    body: Json


class Permission(NamedTuple):
    """One action on one resource; `when` is the statement's condition in words, or empty."""

    action: str
    resource: str
    when: str

    def line(self) -> str:
        return f"{self.action} on {self.resource}" + (f" when {self.when}" if self.when else "")


@dataclass(frozen=True)
class Assembled:
    """One synthesized stage. `paths` leads from a logical id to its construct's path."""

    stage: str
    config: Stage
    path: Path
    template: Json
    stack: "CutoverStack"
    paths: dict[str, str]

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Path to resource."""
        found = (
            Resource(self.paths[logical], body["Type"], body.get("Properties", {}), body)
            for logical, body in self.template["Resources"].items()
        )
        return {resource.path: resource for resource in found}

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type, such as AWS::SQS::Queue; at least one."""
        found = [resource for resource in self.resources.values() if resource.kind == kind]
        assert found, f"the template has no {kind}"
        return found

    def render(self, value: Any) -> Any:
        """The value with its intrinsic functions written out: `{Tables/Main}`, `{Tables/Main.StreamArn}`."""
        if isinstance(value, list):
            return [self.render(each) for each in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": str(name)}:
                return f"{{{self.paths.get(name, name)}}}"
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return f"{{{self.paths[name]}}}" if attribute == "Arn" else f"{{{self.paths[name]}.{attribute}}}"
            case {"Fn::Join": [str(glue), list(parts)]}:
                return glue.join(str(self.render(part)) for part in parts)
        return {key: self.render(each) for key, each in value.items()}

    def function(self, name: str) -> Json:
        """The properties of a Lambda function."""
        return self.resources[f"{name}/Function"].properties

    @cached_property
    def permissions(self) -> dict[str, list[Permission]]:
        """What each role may do, from every place where a template can say it."""
        roles = {path: role.properties for path, role in self.resources.items() if role.kind == "AWS::IAM::Role"}
        granted: dict[str, list[Permission]] = {path.removesuffix("/Role"): [] for path in roles}
        for path, properties in roles.items():
            assert not properties.get("ManagedPolicyArns"), f"{path} has a policy that is not on the list"
            for inline in properties.get("Policies", ()):
                granted[path.removesuffix("/Role")] += self._permissions(inline["PolicyDocument"])
        for resource in self.resources.values():
            if resource.kind in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"}:
                named = resource.properties.get("Roles") or [resource.properties["RoleName"]]
                for role in named:
                    owner = self.render(role).strip("{}").removesuffix("/Role")
                    granted[owner] += self._permissions(resource.properties["PolicyDocument"])
        return {name: sorted(set(each)) for name, each in granted.items()}

    def _permissions(self, document: Json) -> Iterator[Permission]:
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            assert not statement.keys() & {"NotAction", "NotResource"}
            condition = statement.get("Condition")
            when = " and ".join(_conditions(self.render(condition))) if condition else ""
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield Permission(action, self.render(resource), when)

    def statements(self, resource: Resource) -> list[Json]:
        """The statements of a resource's own policy, rendered; of a bucket or queue also from its policy resource."""
        if resource.kind == "AWS::KMS::Key":
            return [self.render(each) for each in resource.properties["KeyPolicy"]["Statement"]]
        policies = (self.of("AWS::S3::BucketPolicy"), self.of("AWS::SQS::QueuePolicy"))
        attached = f"{{{resource.path}}}"
        return [
            self.render(statement)
            for policy in (*policies[0], *policies[1])
            if attached in listed(self.render(policy.properties.get("Bucket") or policy.properties.get("Queues")))
            for statement in policy.properties["PolicyDocument"]["Statement"]
        ]


def _conditions(condition: Json) -> Iterator[str]:
    for operator, tests in sorted(condition.items()):
        for key, values in sorted(tests.items()):
            yield f"{key} {operator} {', '.join(sorted(listed(values)))}"


def listed(value: Any) -> list[Any]:
    """IAM's one-or-many as a list."""
    return value if isinstance(value, list) else [value]
