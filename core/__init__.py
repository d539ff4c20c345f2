"""The Flask core of Jinke: people, institutions, courses, enrolment and verified progress.

Requests come in through ``core.app.create_app``; every domain package below has the same rooms (models, service,
queries, policy, forms, views, api, jobs), a file absent rather than empty. ``core`` may use ``media`` and
``search_index``; it never imports ``plugins``.
"""
