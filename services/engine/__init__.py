"""What runs when, on one process or on many: loops over due rows, lanes, and who runs the lanes."""
