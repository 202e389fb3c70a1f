"""The station's hardware, one file per device. Constructed only by `edge.runtime.wiring`."""
