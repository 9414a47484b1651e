"""The command line: one module a command group, each a thin shell over functions of the harness."""
