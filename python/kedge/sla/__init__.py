"""Service levels: load that waits for nobody, latencies counted, and a verdict that is yes, no or
not yet known.
"""
