"""formats: bytes ⇄ values, the same code on both sides of the wire. No I/O, no clock."""
