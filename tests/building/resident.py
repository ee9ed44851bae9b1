"""What one function does with a large manifest, in a process of its own: ``python -m tests.building.resident``.

Reads a request in JSON from standard input, answers in JSON with what it made and with the most memory that it had
(``VmHWM`` of proc_pid_status(5); ``ru_maxrss`` of getrusage(2) would count what the parent had before ``exec``).
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import orjson

from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection, Evidence, EvidenceSet
from cutover.contracts.sources import BucketSource
from cutover.domain.assembling.index import EvidenceIndex
from cutover.domain.evidence_library import EvidenceLibrary
from cutover.loading import evidence_documents
from cutover.ports import Store
from tests.building.policy import AS_OF, DEPLOYMENT
from tests.checks.scene import candidate_said, reference
from tests.fakes.clock import FakeClock


def peak() -> int:
    """Bytes."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def collected(store: Store, client: Any, version: str) -> Collection:
    """The section ``dependencies`` of a candidate whose first component refers to the manifest."""
    from cutover.sources.s3 import S3Source
    from cutover.stages.collect.collecting import Collecting

    said = candidate_said()
    said["components"][0]["dependencies"] = {**reference("manifest"), "version": version}
    facts = DEPLOYMENT.facts().model_copy(update={"sources": {"records": BucketSource(kind="s3", bucket="records")}})
    collecting = Collecting(
        section="dependencies", rules=DEPLOYMENT.rules(), facts=facts, sources={"s3": S3Source(client)}, store=store,
        clock=FakeClock(AS_OF),
    )  # fmt: skip
    return collecting.collect(Candidate.model_validate_json(orjson.dumps(said)))


def looked_up(store: Store, evidence_set: EvidenceSet) -> Any:
    """As Assemble does: manifests stay where they are, and counts are taken from summaries."""
    index = EvidenceIndex(evidence_set, evidence_documents(store, evidence_set))
    whole = evidence_set.collections[0].evidence[0]
    found = index.find("dependencies", _reference(whole), payload=True)
    return None if found is None else found.document


def proved(store: Store, evidence_set: EvidenceSet) -> Any:
    """As Verify's lineage does: the manifest is read and summarised again, and both summaries compared."""
    from cutover.contracts.bundle import Origin

    documents = evidence_documents(store, evidence_set, manifests=True)
    library = EvidenceLibrary(evidence_set, documents, DEPLOYMENT.rules().rendering)
    made = evidence_set.collections[0].evidence[1]
    origin = Origin(
        source=made.source, record=made.record, version=made.version, evidence=made.sha256, pointer="/components",
        measure="value",
    )  # fmt: skip
    return library.measured(origin)[0]


def _reference(evidence: Evidence) -> Any:
    from cutover.contracts.candidate import Reference

    return Reference(source=evidence.source, record=evidence.record, version=evidence.version, digest=None)


def main() -> None:
    import boto3
    from botocore.config import Config

    from cutover.adapters.s3_store import S3Store

    asked = json.load(sys.stdin)
    importlib.import_module(f"cutover.stages.{asked['function']}.handler")
    client = boto3.client(
        "s3", endpoint_url=asked["endpoint"], region_name="eu-central-1", aws_access_key_id="x",
        aws_secret_access_key="x", config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    store, before = S3Store(client, bucket="store"), peak()
    if asked["function"] == "collect":
        made: Any = collected(store, client, asked["version"]).model_dump(mode="json", by_alias=True)
    else:
        collection = Collection.model_validate_json(orjson.dumps(asked["collection"]))
        evidence_set = EvidenceSet(
            candidate=collection.evidence[1].model_copy(update={"unwraps": None}),
            as_of=AS_OF,
            collections=(collection,),
        )
        made = {"assemble": looked_up, "verify": proved}[asked["function"]](store, evidence_set)
    sys.stdout.write(json.dumps({"made": made, "before": before, "peak": peak()}))


if __name__ == "__main__":
    main()
