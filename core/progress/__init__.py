"""Verified progress: what a person watched, decided by the server's clock.

What flows through the package: a player *claims* intervals of a lesson's media; `rule.decide` accepts as
much of the claim as the server's clock can vouch for and rejects the rest with a reason; both are written
to an append-only ledger; the *union* of what was accepted (`intervals.Intervals`) is the state, and
`rule.complete` reads it.

`intervals`, `rule`, `replay` and `reading` are pure: no Flask, no database, no clock. Times are integer
milliseconds, handed in. `docs/progress.md` explains the rule and the reasons for each number in it.
"""
