"""docs/cost.md: what was counted, times what it costs."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cutover_cli.documentation.markdown import table
from tests.costs.counting import CountingWorld, lambda_uses
from tests.infra.reading import Assembled

Uses = Mapping[str, float]
HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "cost.md"
MINUTES = 30 * 24 * 60
POLLS = 5 * 3 * MINUTES
"""What Lambda asks of one idle queue in a month: five pollers, each waiting twenty seconds for an answer."""
RATES = (10, 1_000, 10_000)
PEAK, NEAR = 10, 0.8
_STANDING = {
    "KMS keys": "AWS::KMS::Key", "CloudWatch alarms": "AWS::CloudWatch::Alarm",
    "CloudWatch dashboards": "AWS::CloudWatch::Dashboard",
}  # fmt: skip


def page(released: CountingWorld, production: Assembled) -> str:
    """The whole page. ``production``: the template that is deployed."""
    prices, seconds, quotas = _read("prices.toml"), _read("seconds.toml"), _read("quotas.toml")
    release = {**released.uses, **lambda_uses(released.invoked, seconds["seconds"]), "executions": 1}
    idle, standing = _idle(production, seconds["idle"]), _standing(production, released)
    of_release, of_idle = _total(release, prices["per_use"]), _total(idle, prices["per_use"])
    of_standing = _total(standing, prices["per_month"])
    return "\n".join(
        [
            _HEAD.format(read_on=prices["read_on"], region=prices["region"], measured_on=seconds["measured_on"]),
            "## In short\n", _short(of_idle + of_standing, of_release),
            f"## One release: ${of_release:.4f}\n", _ABOUT_RELEASE.format(invocations=released.invoked.total()),
            _priced(release, prices["per_use"]),
            f"## A month in which nothing happens: ${of_idle + of_standing:.2f}\n", _ABOUT_IDLE,
            _priced(standing, prices["per_month"]), _priced(idle, prices["per_use"]),
            _LEFT_OUT,
            _ABOUT_QUOTAS.format(read_on=quotas["read_on"], peak=PEAK),
            _quotas(quotas["quota"], release),
        ]
    )  # fmt: skip


def _short(month: float, release: float) -> str:
    rows = [("none", f"${month:,.2f}")]
    rows += [(f"{rate:,}", f"${month + 30 * rate * release:,.2f}") for rate in RATES]
    return table(("releases a day", "a month of 30 days"), rows)


def _idle(production: Assembled, seconds: Mapping[str, float]) -> Uses:
    """Of a month: the minute's functions, and what Lambda asks of the queues."""
    ticks: Counter[str] = Counter(dict.fromkeys(seconds, MINUTES))
    polled = {
        str(each.properties["EventSourceArn"])
        for each in production.of("AWS::Lambda::EventSourceMapping")
        if "StartingPosition" not in each.properties
    }
    asked = {"DynamoDB read units": 2 * MINUTES, "SQS requests": POLLS * len(polled)}
    return {**lambda_uses(ticks, seconds), **asked}


def _standing(production: Assembled, released: CountingWorld) -> Uses:
    kinds = Counter(each.kind for each in production.resources.values())
    # Each function's `Succeeded` and `Failed`, once it has counted either.
    ours = {"CloudWatch metrics of our own": 2 * len(released.invoked)}
    return {name: kinds[kind] for name, kind in _STANDING.items()} | ours


def _priced(uses: Uses, prices: Mapping[str, Any]) -> str:
    rows = []
    priced = [each for each in uses.items() if each[0] in prices]
    for unit, count in sorted(priced, key=lambda each: -_cost(each[0], each[1], prices)):
        said = f"{count:,}" if isinstance(count, int) else f"{count:,.2f}"
        rows.append((unit, said, f"${_cost(unit, count, prices):.6f}"))
    return table(("what", "how many", "US dollars"), rows)


def _cost(unit: str, count: float, prices: Mapping[str, Any]) -> float:
    price = prices[unit]
    each: float = price if isinstance(price, float) else price[0] / price[1]
    return count * each


def _quotas(quotas: Sequence[Mapping[str, Any]], release: Uses) -> str:
    """What each rate takes of each quota; that of which it takes more than eight tenths is marked."""
    rows = []
    for quota in quotas:
        loads = [_load(release[quota["uses"]] * rate, quota["per"]) for rate in RATES]
        told = [f"**{load:,.2f}**" if load > NEAR * quota["default"] else f"{load:,.2f}" for load in loads]
        shown = quota.get("shown", f"{quota['default']:,} a {quota['per']}")
        rows.append((quota["name"], shown, *told, quota["mend"]))
    return table(("quota", "default", *(f"{rate:,} a day" for rate in RATES), "where it is reached"), rows)


def _load(a_day: float, per: str) -> float:
    return {"second": a_day / 86_400 * PEAK, "day": a_day, "week": a_day * 7}[per]


def _total(uses: Uses, prices: Mapping[str, Any]) -> float:
    return sum(_cost(unit, count, prices) for unit, count in uses.items() if unit in prices)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text("utf-8"))


_HEAD = """\
# What it costs

Made by `python -m tests.costs`; a test holds the counts to the code and to the template. Prices are AWS' list prices in
US dollars, {region}, as published in {read_on}, without any free tier: look them up again before you rely on them.
Times were measured on {measured_on} on the local stack, not on AWS. **Nobody has seen a bill yet.**
"""
_ABOUT_RELEASE = """\
A straight one of a single component: announced, collected, checked, bound, two people asked by mail, two approvals, one
message. {invocations} invocations. Each hold, reminder, revision and day of waiting adds a little of the same.
"""
_ABOUT_IDLE = """\
The production template with its one example target. Lambda polls queues, and the minute calls two functions, whether or
not anybody releases anything. What stands:
"""
_ABOUT_QUOTAS = """\
## Quotas

What so many releases a day take of AWS' default quotas ({read_on}, the smaller regions). Where a quota is counted by
the second, {peak} times the day's average is assumed. Bold is more than eight tenths of it.
"""
_LEFT_OUT = """\
## Not counted

Storage (a release leaves some hundred kilobytes, for as long as `retention_days` says), logs (some hundred lines a
release), traces, traffic, requests for data keys, retries, and what your source systems charge. A secret costs $0.40 a
month. Metrics of the four questions and the gauges of the clock cost $0.30 a month for each series that has data: a few
dozen at most, since no dimension is unbounded.
"""
