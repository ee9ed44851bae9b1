"""`cutover check`: ``announcing`` makes what is gone through, ``going`` goes through it, ``reporting`` tells."""
