"""What the cloud keeps, in SQLite or PostgreSQL.

- `tables`: the tables, as SQLAlchemy Core objects. Only `cloud.domain`, `ingest`, `projector` and `roster` use them.
- `database`: opening, transactions, what a database must promise before it is used.
- `bulk`: the one statement that differs between the two databases.
- `partitions`: months of the record table, on PostgreSQL.
- `locks`: one ingest on SQLite, one projector anywhere.
- `migrations`: Alembic.
"""
