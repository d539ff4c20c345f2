"""Institutions: the tenants. Who they are, their rules for watching, and who belongs to them.

Everybody may read an institution's public face; its administrator writes its rules and members.
"""
