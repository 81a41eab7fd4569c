"""Cross builds: the targets (boards.toml) and the program that builds and runs them."""
