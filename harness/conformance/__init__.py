"""The conformance suite: checks of a contestant against the contract of docs/contract.md."""
