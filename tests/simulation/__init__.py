"""A deterministic simulation: the real handlers, every actor around them, faults at every call of a port.

``python -m tests.simulation --seed N --trace`` repeats one run and tells what happened in it. The files:
``environment`` (the world and its streams), ``chaos`` (faults), ``actors`` and their kin (who acts), ``schedule``
(who acts when), ``protocol`` and ``invariants`` (what must hold), ``observer`` (where it is looked at), ``run``.
"""
