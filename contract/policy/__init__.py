"""The station's access policy as pure functions: the station runs them, the cloud can ask them "what if".

`model` holds the values, `schedule` the week, `decide` the rules.
"""
