"""How fast this package is, beside `isx` and beside a plain read of the same bytes.

``make bench`` runs all of it and prints one table; ``make bench ARGS="--only reading --quick"``
a part. Ratios taken side by side in one run count; absolute times belong to a machine.
"""
