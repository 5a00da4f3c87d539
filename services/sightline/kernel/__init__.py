"""Ids, values that travel, errors and the ports that every part may name. Standard library only, and nothing above it."""
