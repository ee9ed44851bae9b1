"""`cutover demo`: releases this project itself through the local stack, in the order in which a release happens.

``run`` composes the steps; each has a file: ``build``, ``sbom``, ``smoke``, ``statements``, ``deployment``,
``publish``, ``follow``, ``approvers``, ``delivery``. No step is played: what one makes, the next one verifies.
"""
