"""Who signed a statement: Sigstore bundles and DSSE envelopes, verified offline against what the policy trusts.

The only part of Cutover that imports ``sigstore``, and only when there is a bundle to verify: its import costs more
than everything else that a function does. No network, no refresh of trusted roots, no clock of its own.
"""
