"""Who may enter, and what else the cloud wants of a station: everything signed that goes downward and stays.

- `members`: members per organisation, and the versioned log of their changes.
- `csv_import`: members from a file.
- `pages`: what a station is told: head, page of changes, page of a snapshot.
- `desired`: a station's standing orders.
- `keys`: the signing key.
- `publisher`: publishes heads and standing orders, retained, when they change.
"""
