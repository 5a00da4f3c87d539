"""A worked week in one area, in one process: what a newcomer sees first (`sightline demo`, `make demo`).

In: nothing but the program. Out: the story as it goes, each desk's view, and how often each promise was checked and held.
Everybody and everything in it is invented.
"""
