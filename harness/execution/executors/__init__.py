"""Where the stages of a plan are done: here, or on the machines of a cluster."""
