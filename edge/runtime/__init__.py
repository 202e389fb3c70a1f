"""The shell around the pure core: loop, clock, processes, watchdog, socket.

`controller` owns the loop; `wiring` is the only place that constructs drivers; `children` starts, watches and restarts
the reader and uplink processes; `ipc` is what they may say to each other; `config` is the one model of the station's
configuration.
"""
