"""The demo: three institutions, courses worth looking at, people in every role; made at set-up time, on the spot.

``content.toml`` says what there is; covers and lectures are drawn and encoded here, so nothing is shipped as pictures
or films. Everything goes in through the same services as a person's own work, and running it again changes nothing.
"""
