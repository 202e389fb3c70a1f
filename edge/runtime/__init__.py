"""The shell around the pure core: loop, clock, processes, watchdog, socket.

`controller` owns the loop, `actuators` does what the core wants done, `state_teller` tells how the station is; `wiring`
is the only place that constructs drivers, `resuming` goes on from what the journal holds; `children` starts, watches
and restarts the processes beside it (reader, uplink, sensors, console), `ipc` is what they may say to each other;
`config` and the `…_config` beside it are the one model of the station's configuration, `core_config` what the core sees
of it.
"""
