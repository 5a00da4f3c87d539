"""Invented people, desks, texts and forms: what the benchmark and the simulator have in common. No name is anybody's."""
