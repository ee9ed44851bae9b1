"""The CDK application. Importing it settles which Node runs the CDK, before `aws_cdk` can start one."""

from infra.node import use_bundled_node

use_bundled_node()
