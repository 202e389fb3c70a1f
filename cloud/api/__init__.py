"""The REST API and live stream of the fleet (FastAPI). Reads through `cloud.domain`; it knows no tables."""
