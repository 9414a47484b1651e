"""Orchestration: command line, plan, store and runners. The only place that knows engines and disk layout."""
