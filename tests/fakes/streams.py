"""What DynamoDB's streams would bring to a function."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from cutover.adapters import dynamodb_items as items

TABLE_STREAM = "arn:aws:dynamodb:eu-west-1:000000000000:table/main/stream/2026-01-01T00:00:00.000"


def stream_event(changes: Iterable[BaseModel], source: str = TABLE_STREAM) -> dict[str, Any]:
    """A Lambda event with the new image of each change (stream view type ``NEW_IMAGE``)."""
    records = []
    for number, change in enumerate(changes, start=1):
        image = items.item_of(change)
        records.append(
            {
                "eventID": str(number),
                "eventName": "INSERT" if getattr(change, "version", 1) == 1 else "MODIFY",
                "eventSource": "aws:dynamodb",
                "eventSourceARN": source,
                "dynamodb": {
                    "Keys": {name: image[name] for name in ("pk", "sk")},
                    "NewImage": image,
                    "SequenceNumber": f"{number:021d}",
                    "StreamViewType": "NEW_IMAGE",
                },
            }
        )
    return {"Records": records}
