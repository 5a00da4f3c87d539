"""Make the hub's tables in a database, as the migrator. Usage: tables.py < the database's address

Each statement may be run again. A hub that logs in as sightline_hub may not make tables, so this comes before it.
"""

import sys

from sightline.adapters import postgres
from sightline.ledger.store import Ledger
from sightline.runtime.build import TABLES


def main(address: str) -> None:
    """The ledger's own, which the library makes when it connects, then ours."""
    ledger = Ledger(env=postgres.settings_of(address))
    try:
        with ledger.database.transaction() as session:
            for statement in TABLES:
                session.execute(statement)
    finally:
        ledger.close()


if __name__ == "__main__":
    main(sys.stdin.read().strip())
