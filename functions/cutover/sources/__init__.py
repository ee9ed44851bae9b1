"""One file for each kind of source system, behind one small Protocol (``ports.SourceSystem``)."""
