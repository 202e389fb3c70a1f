"""One station, its hardware and its cloud in one directory of this machine: what demo, chaos, bench and tests start.

- `layout`: where everything lies and which ports it takes. `files`: configurations, keys, members.
- `table`: the services. `prepare`: what is done once before the first start.
- `clients`: how to ask the cloud and the simulator over HTTP.
"""
