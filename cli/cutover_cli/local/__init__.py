"""The local stack: the same template as on AWS, deployed onto an emulator on this machine.

Use `cutover_cli.local.lifecycle` (up, down, status, attach) and `cutover_cli.local.stack` (LocalStack).
"""
