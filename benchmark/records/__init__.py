"""Result types: what a record holds. Its parts import only pydantic and the vocabulary."""
