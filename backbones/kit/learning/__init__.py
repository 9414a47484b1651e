"""What jobs do with a network: train, encode, fill, explain."""
