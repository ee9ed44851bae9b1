"""Row 5: the change that allows the release is approved, not over, and speaks of all that is released."""

from collections.abc import Iterable, Iterator
from typing import Any

from cutover.contracts.bundle import Sourced
from cutover.domain import bounded
from cutover.domain.assembling.index import subject_of
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, environments, listed, rendered, shown, sourced, unknown
from cutover.domain.rendering import Kind

WIDEN = "widen the change's scope, have it approved so and answer with its new version, or announce less"


def approved(context: Context) -> Iterator[Problem]:
    """The change is in a state in which the rules allow its release. A state that they do not name is none."""
    state, states = sourced(context.bundle.change.state), context.rules.change_states
    if state is None or (state.value in states.approved and state.value not in states.closed):
        return
    closed = state.value in states.closed
    yield Problem(
        code="CHANGE_CLOSED" if closed else "CHANGE_NOT_APPROVED",
        field="/change/state",
        subject=state.from_.evidence,
        found=bounded.line(f"the change's state is {shown(state.value)}{', in which it is over' if closed else ''}"),
        wanted=bounded.line(f"one of the states that the rules call approved: {listed(states.approved)}"),
        mend="open a new change and announce the candidate with it"
        if closed
        else "have the change approved; answer with its new version, or announce that",
        evidence=(state.from_.evidence,),
    )


def components_in_scope(context: Context) -> Iterator[Problem]:
    """Every component of the release is in the change's scope."""
    names = (rendered(context, "component", each.name) for each in context.candidate.components)
    return _outside(context, "component", names, context.bundle.change.components, "/change/components")


def environments_in_scope(context: Context) -> Iterator[Problem]:
    """Every environment of the release is in the change's scope."""
    scope = context.bundle.change.environments
    return _outside(context, "environment", environments(context), scope, "/change/environments")


def _outside(
    context: Context, kind: Kind, names: Iterable[str], scope: tuple[Sourced[Any], ...], field: str
) -> Iterator[Problem]:
    """One problem for a scope that names nothing, else one for each name outside it.

    They stand at the scope, which is what can be mended while the release stays the same.
    """
    wanted = f"a scope with every {kind} of the release"
    if not scope:
        asked = context.candidate.change
        record = subject_of(context.index.find("change", asked), asked)
        found = f"the change's scope names no {kind}"
        yield Problem(code="SCOPE_MISSING", field=field, subject=record, found=found, wanted=wanted, mend=WIDEN)
        return
    evidence = scope[0].from_.evidence
    allowed = tuple(rendered(context, kind, each.value) for each in scope)
    for name in dict.fromkeys(names):
        if name not in allowed:
            yield Problem(
                code="SCOPE_CONFLICT",
                field=field,
                subject=about(evidence, name),
                found=bounded.line(f"the release has the {kind} {shown(name)}, outside the scope {listed(allowed)}"),
                wanted=wanted,
                mend=WIDEN,
                evidence=(evidence,),
            )


def names_known(context: Context) -> Iterator[Problem]:
    """The release and its change name only components and environments that the rules know."""
    change, release = context.bundle.change, context.bundle.release
    yield from unknown(context, "component", _each("/change/components", change.components))
    yield from unknown(context, "environment", _each("/change/environments", change.environments))
    yield from unknown(context, "environment", _each("/release/environments", release.environments))


def _each(field: str, values: tuple[Sourced[Any], ...]) -> Iterator[tuple[str, Sourced[Any]]]:
    return ((f"{field}/{number}", value) for number, value in enumerate(values))


RULES = (
    Rule("change.approved", approved, reads=("change",)),
    Rule("change.components-in-scope", components_in_scope, reads=("change",)),
    Rule("change.environments-in-scope", environments_in_scope, reads=("change",)),
    Rule("change.names-known", names_known, reads=("change",)),
)
