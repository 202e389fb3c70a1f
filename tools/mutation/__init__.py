"""Mutation testing of what decides: small bugs put into `edge/core` and `contract/policy`, one at a time.

A mutant that no test notices shows what no test asks. `operators` makes the mutants, `coverage_map` knows which tests
run through which line, `trial` lets those tests judge one mutant, and `__main__` draws a sample by seed and adds up.
Why a tool of our own: docs/adr.
"""
