"""bench: measurements of one hub on this machine, against what nobody can do without and against doing it naively.

`run` starts each row in a process of its own and puts the report together; `workload` makes the events, in the
proportions of `mix`; the other modules each measure one row. Nothing here is imported by the hub.
"""
