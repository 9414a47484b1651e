"""Result types: what a record holds. They import nothing but pydantic."""
