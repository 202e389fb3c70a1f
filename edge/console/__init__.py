"""The station's own screen: what a worker sees at the door, and one button to say that all is well.

A child process of its own (`python -m edge.console`), because a browser is heavy and a web server is code from outside:
`process` has the controller's channel and the server, `screen` turns what the controller tells into what is shown,
`app` serves that picture and the built page of `web/src/kiosk`. It hears of nobody's name, card or number, and of no
silent alarm; all it can say is `AllRight`.
"""
