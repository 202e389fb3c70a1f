"""What may be known and by whom: reading for the API, and administration. Every reading function takes a `Scope`.

The API imports this package and never the tables.
"""
