"""Measurements as ratios: what is compared runs in turn within one run, so that both meet the same machine."""
