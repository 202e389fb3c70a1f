"""The cloud's processes: what runs in which, how they start and end.

- `broker`: the embedded broker, a child process.
- `program`: the parts of one process, their start, the ready line, their end.
- `notify`: systemd's readiness protocol.
"""
