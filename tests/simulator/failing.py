"""A deployment in which one call of a service fails once."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.faults import Faults, When, faulty
from tests.simulator.world import World


@contextmanager
def failing(world: World, call: str, moment: When, error: type[Exception]) -> Iterator[None]:
    """``call`` (such as ``store.put``) raises ``error`` once, before or after it took effect; inside this, it must."""
    faults = Faults()
    (faults.before if moment == "before" else faults.after)(call, error("as planned"))
    port = call.partition(".")[0]
    kept = world.wiring.__dict__
    real = getattr(world.wiring, port)
    kept[port] = faulty(real, port, faults)
    kept.pop("policies", None)  # it keeps the ports that it was made with
    yield
    assert faults.spent
    kept[port] = real
    kept.pop("policies", None)
