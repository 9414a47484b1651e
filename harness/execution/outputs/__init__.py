"""What a job left in out/: looked at from the outside first, so that nothing in it can harm the harness."""
