"""People: accounts, log-in, sessions, tokens, and the lists by which institutions bring them in.

A person writes their own account; an institution's administrator imports people, who then activate themselves with a
one-time link. Nobody else's account is ever written.
"""
