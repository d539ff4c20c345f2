"""Files: uploads on their way in, assets that lie in a store, and the ways out to a browser.

Bytes come in through resumable uploads, are sniffed, stored under their hash and probed by a job; they leave through
signed, expiring links that honour ranges. What bytes are is ``media``'s business; who may have them is ours.
"""
