"""Makes the fleet's picture out of what has been committed and what stations say of themselves.

- `picture`: live state, alarms, counters and change numbers, within one transaction.
- `round`: one transaction: messages, findings and newly committed records, in order.
- `service`: the leader's loop, its session with the broker, and the publishing of what stands retained.
"""
