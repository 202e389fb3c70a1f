"""The station's program: decides who enters, drives the door, keeps the journal, reports over MQTT."""
