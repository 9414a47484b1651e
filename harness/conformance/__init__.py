"""The conformance suite: checks whether a contestant keeps the contract of docs/contract.md."""
