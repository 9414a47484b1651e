"""What the contestants share: the entry point of the contract, training, encoding and class activation mapping."""
