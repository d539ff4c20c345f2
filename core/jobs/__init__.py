"""Jobs: every long task, as a row written in the caller's transaction.

The row is the only truth: state, attempt (the fencing token), owner, lease, progress. A worker claims a row, extends
its lease while it works and writes only under ``WHERE id AND attempt AND state = 'running'``; the reaper hands on what
a dead worker held. A doorbell only makes waiting shorter: losing it loses nothing.
"""
