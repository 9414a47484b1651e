"""Published weights and networks: reading, converting, strict loading."""
