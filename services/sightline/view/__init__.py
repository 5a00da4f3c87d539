"""What each desk may read, opened and redacted at the moment of reading by its latest sealed decision (P3, P7).

In: a desk and a reference. Out: an `ItemView`, or nothing where the desk may not even know. A view is a fold of the
register: there is nothing in it that could not be dropped.
"""
