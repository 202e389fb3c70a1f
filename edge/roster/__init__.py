"""Who may enter: the members that the cloud has sent down, by the keyed hash of their cards.

One SQLite file of its own, written by the uplink child (`writer`), read by the controller (`reader`). It is a copy:
when it is damaged it is set aside and pulled anew.

Per organisation node the station holds a version of that node's change log. Changes are applied in one transaction per
page; a snapshot is collected beside what is held and switched in at its last page, so that a reader sees the old or the
new, never a mix. Revocations come first, in the head itself.

This file imports nothing on purpose: `writer` needs pydantic, the controller does without.
"""
