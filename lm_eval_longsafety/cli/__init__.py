"""The `longsafety` command: one module per command, thin shells over the library."""
