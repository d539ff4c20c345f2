"""Enrolment: a person in a run, and perhaps in a class of it.

People enrol and withdraw themselves under the run's policy; the course's team admits, places and removes.
"""
