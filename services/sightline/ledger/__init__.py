"""The event-sourced record: event types, aggregates, folds, facts, desks considered, items affected, redaction.

In: commands from the record stage. Out: entries in one total order, and what can be derived from them alone.
The `eventsourcing` library lives here and in the two store adapters, nowhere else.
"""
