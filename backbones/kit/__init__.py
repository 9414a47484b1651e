"""What the contestants share: the contract's entry point, training, encoding, explaining."""
