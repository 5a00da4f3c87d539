"""A simulated area: signed streams of events as its agencies would send them, the same bytes for the same seed.

In: an area, days, a seed, a factor. Out: lines of JSON in order of time (`lines`), or events not yet signed (`stream`).
`feeding` is for whoever hands them to a hub. Everybody in it is invented; its keys are no secret.
"""
