"""``sightline worker record|relay|decide|seal|clock``: the stages of the distributed mode, one process each.

`record` takes submissions from the broker, `relay` publishes receipts and feed entries to it; `decide`, `seal` and
`clock` know only the database (and `decide` the OPA server). Each may be killed at any instant and started again, or
run twice: what one does, it commits with its position, or not at all.
"""
