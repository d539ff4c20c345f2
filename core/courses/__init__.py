"""Courses: content owned by an institution, made by a team, taught in runs.

A course has chapters, a chapter has lessons of one kind each; a run (开课期次) has dates, capacity and a policy for
enrolling, and is divided into class groups. The team writes; the institution's administrator or a named reviewer
approves; everybody reads what is published.
"""
