"""Ways to run one and the same contract."""
