"""`cutover report`: what the ledger tells of a span of time, on one page that needs nothing else."""
