"""One AWS service a file; each implements a port and is given its client."""
