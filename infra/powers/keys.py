"""Who can sign, make links, and use the key that the data is encrypted with."""

from infra.powers.words import Statements, allow, power, through
from infra.resources import Resources

# A role signs with its key, and asks which key that is: the facts may trust two while one replaces another.
sign_bind = power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.bind.key_arn)
sign_decide = power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.decide.key_arn)
sign_handoff = power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.handoff.key_arn)
sign_ledger = power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.ledger.key_arn)
make_links = power("kms:GenerateMac", on=lambda r: r.keys.links.key_arn)


def check_links(r: Resources) -> Statements:
    """With the key that makes links, and with those that made them before."""
    return [allow(["kms:VerifyMac"], *(key.key_arn for key in (r.keys.links, *r.keys.accepted)))]


def use_data_key(r: Resources) -> Statements:
    """Only through the services that encrypt with it: no function can decrypt a ciphertext by itself."""
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    return [allow(actions, r.keys.data.key_arn, **through("dynamodb", "s3", "sqs"))]
