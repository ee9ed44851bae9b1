"""Manifests and blobs as a registry holds them, and how they are pushed into one."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}


def encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=1).encode()


@dataclass(frozen=True)
class Image:
    """``content``: the manifest's bytes; ``blobs``: its config and its layers."""

    content: bytes
    media_type: str = MANIFEST
    blobs: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.content)

    @property
    def size(self) -> int:
        return len(self.content) + sum(map(len, self.blobs))

    def described(self, **more: Any) -> dict[str, Any]:
        return descriptor(self.content, self.media_type, **more)


def image(*layers: bytes, config: bytes = b"{}", layer_type: str = LAYER, **more: Any) -> Image:
    """``more``: such as ``artifactType`` and ``subject``."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(config, more.pop("config_type", CONFIG)),
        "layers": [descriptor(each, layer_type) for each in layers],
        **more,
    }
    return Image(encoded(document), blobs=(config, *layers))


def index(*manifests: dict[str, Any], **more: Any) -> Image:
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests), **more}
    return Image(encoded(document), media_type=INDEX)


@dataclass
class Pusher:
    """Writes into a registry that asks for nothing."""

    base: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def push(self, repository: str, pushed: Image, *tags: str) -> Image:
        for blob in pushed.blobs:
            self._blob(repository, blob)
        for name in tags or (pushed.digest,):
            url = f"{self.base}/v2/{repository}/manifests/{name}"
            headers = {"content-type": pushed.media_type}
            self.client.put(url, content=pushed.content, headers=headers).raise_for_status()
        return pushed

    def _blob(self, repository: str, content: bytes) -> None:
        opened = self.client.post(f"{self.base}/v2/{repository}/blobs/uploads/").raise_for_status()
        place = httpx.URL(opened.headers["location"]).copy_merge_params({"digest": digest(content)})
        headers = {"content-type": "application/octet-stream"}
        self.client.put(place, content=content, headers=headers).raise_for_status()

    def delete(self, repository: str, pushed: Image) -> None:
        self.client.delete(f"{self.base}/v2/{repository}/manifests/{pushed.digest}").raise_for_status()
