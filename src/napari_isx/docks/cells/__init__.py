"""The dock *Cells*: the table of cells, filters, and decisions."""
