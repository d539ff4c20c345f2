"""Bytes: where they rest, what they are, how they leave again.

Everything a person hands in passes through here: the spool takes an upload block by block, sniffing says from
its content what it is, probing and image handling say whether it can be shown, the storage keeps it under the
hash of its content, and ranges and signed links carry it out to a browser. Captions are read and written here
too, because a caption file is bytes with times in them.

Nothing in this package knows people, courses, institutions, a web framework or a database. Core and plugins
may import it; it imports neither, nor the search index. It asks no clock, reads no configuration and chooses
no words for people: moments and limits are handed in, and what went wrong comes back as a code with
parameters (``media.errors``) out of which core makes a sentence in the reader's language.
"""
