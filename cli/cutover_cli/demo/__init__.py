"""`cutover demo`: releases this project itself through the local stack, in the order in which a release happens.

``run`` composes the steps. ``make`` builds and describes (``build``, ``lockfile``, ``sbom``, ``smoke``,
``statements``, ``records``); ``stand`` and ``deployment`` bring up the stack and its policy; ``publish`` writes the
candidate; ``follow`` watches (``road``, ``logs``); ``approvers`` read and decide (``mails``, ``forms``); ``receive``
takes the message (``delivery``) and verifies it. No step is played: what one makes, the next one verifies.
"""
