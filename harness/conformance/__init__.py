"""The conformance suite: whether a contestant keeps the contract."""
