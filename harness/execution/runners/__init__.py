"""Runners: ways to run one and the same contract."""
