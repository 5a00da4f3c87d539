"""Register: decided leaves come in, a signed checkpoint over all of them goes out (design §7, promise P3).

In: rows of ``leaves``, numbered densely from 0, written by ``decide``. Out: the tree's tiles, its head and its signed
checkpoint, in one transaction; then the same as files, for whoever audits. Refused: a gap in the numbers, a stored tree
that is not what its head says (`Corrupt`), a second sealer (`Unavailable` ``overtaken``).
"""

from sightline.register.export import Export
from sightline.register.reading import RegisterReader
from sightline.register.seal import Register, Sealed
from sightline.register.tables import TABLES

__all__ = ["TABLES", "Export", "Register", "RegisterReader", "Sealed"]
