"""The source systems, one adapter for each kind: put together here for functions and for `cutover check` alike."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cutover.ports import Clock, Credentials, Sources, SourceSystem
from cutover.runtime.lazily import Lazily

if TYPE_CHECKING:
    from cutover.sources.web import Web


def reached(
    client: Callable[[Any], Any],
    *,
    ecr: Callable[[str], Any],
    web: Callable[[], "Web"],
    credentials: Callable[[], Credentials],
    clock: Clock,
) -> Sources:
    """Each adapter is made, and its module loaded, when its kind is first asked for.

    ``client`` gives a client of an AWS service, ``ecr`` one of ECR in a region.
    """

    def s3() -> SourceSystem[Any]:
        from cutover.sources.s3 import S3Source

        return S3Source(client("s3"))

    def oci() -> SourceSystem[Any]:
        from cutover.adapters.ecr_tokens import EcrTokens
        from cutover.sources.oci import OciSource

        return OciSource(web(), credentials=credentials(), ecr=EcrTokens(ecr, clock=clock))

    def appconfig() -> SourceSystem[Any]:
        from cutover.sources.appconfig import AppConfigVersions

        return AppConfigVersions(client("appconfig"))

    def http() -> SourceSystem[Any]:
        from cutover.sources.http import HttpRecords

        return HttpRecords(web(), credentials())

    def servicenow() -> SourceSystem[Any]:
        from cutover.sources.servicenow import ServiceNowChanges

        return ServiceNowChanges(web(), credentials())

    def backstage() -> SourceSystem[Any]:
        from cutover.sources.backstage import BackstageCatalog

        return BackstageCatalog(web(), credentials())

    makers = (s3, oci, appconfig, http, servicenow, backstage)
    return Lazily[SourceSystem[Any]]({make.__name__: make for make in makers})
