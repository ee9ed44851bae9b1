"""KMS keys, one for each purpose. A signing key serves one role; its own policy refuses everybody else."""

import json
from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.conditions import deny, unless
from infra.components.settings import StageSettings

# What the account may do with a signing key: look after it, read its public half, delete it. Not use it.
_ADMINISTRATION = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:EnableKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey", "kms:ListGrants",
    "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)  # fmt: skip


class Keys(Construct):
    """The data key and a key for each kind of signature.

    The policies of the signing keys are completed by `reserve`, since they name roles that are made later.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.data = kms.Key(
            self,
            "Data",
            description=f"{settings.instance} {settings.name}: encrypts tables, buckets and queues",
            enable_key_rotation=True,
            removal_policy=settings.removal,
        )
        self.bind = self._signing("Bind", "signs approval manifests")
        self.decide = self._signing("Decide", "witnesses decisions")
        self.handoff = self._signing("Handoff", "signs hand-offs")
        self.ledger = self._signing("Ledger", "signs ledger heads")
        self._links = {number: self._of_links(number) for number in settings.config.links_keys.numbers}

    @property
    def links(self) -> kms.Key:
        """The key that makes links."""
        return next(iter(self._links.values()))

    @property
    def accepted(self) -> list[kms.Key]:
        """The keys that made links before, and make no more."""
        return list(self._links.values())[1:]

    def links_setting(self) -> str:
        """The keys of links by name, as functions are told them: JSON; the one that makes new ones first."""
        return json.dumps({f"links-{number}": key.key_arn for number, key in self._links.items()})

    @property
    def by_name(self) -> dict[str, kms.Key]:
        """The keys that sign or authenticate, by their purpose. Of links the one that makes them."""
        return {
            "bind": self.bind,
            "decide": self.decide,
            "handoff": self.handoff,
            "ledger": self.ledger,
            "links": self.links,
        }

    def _of_links(self, number: int) -> kms.Key:
        # The first one was there before they were numbered: with another name it would be another key.
        return self._purpose(
            "Links" if number == 1 else f"Links{number}",
            "authenticates links",
            kms.KeySpec.HMAC_256,
            kms.KeyUsage.GENERATE_VERIFY_MAC,
        )

    def _signing(self, construct_id: str, does: str) -> kms.Key:
        return self._purpose(construct_id, does, kms.KeySpec.ECC_NIST_P256, kms.KeyUsage.SIGN_VERIFY)

    def _purpose(self, construct_id: str, does: str, spec: kms.KeySpec, usage: kms.KeyUsage) -> kms.Key:
        return kms.Key(
            self,
            construct_id,
            description=f"{self._settings.instance} {self._settings.name}: {does}",
            key_spec=spec,
            key_usage=usage,
            policy=iam.PolicyDocument(statements=[_administration()]),
            removal_policy=self._settings.removal,
        )


def reserve(key: kms.Key, *, actions: Sequence[str], users: Sequence[iam.Role]) -> None:
    """Lets `users` perform `actions` with the key, and denies these actions to everybody else.

    The denial binds the account's root and holders of a KMS grant too. Without users it binds everybody.
    """
    purpose = "".join(action.removeprefix("kms:") for action in actions)
    if users:
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"Allow{purpose}",
                principals=[iam.ArnPrincipal(role.role_arn) for role in users],
                actions=list(actions),
                resources=["*"],
            )
        )
    others = unless(users) if users else {}
    key.add_to_resource_policy(deny(f"NobodyElse{purpose}", actions=actions, resources=["*"], conditions=others))


def allow_events(key: kms.Key) -> None:
    """Lets EventBridge put messages into queues that this key encrypts, for rules of this account."""
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="EventBridgeToQueues",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )


def _administration() -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="AccountAdministers",
        principals=[iam.AccountRootPrincipal()],
        actions=list(_ADMINISTRATION),
        resources=["*"],
    )
