"""What a request costs: ``make bench`` measures the processor time of every server process per request."""
