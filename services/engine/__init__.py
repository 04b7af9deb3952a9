"""What runs when, on one process or on many: loops over due rows, one sender, and who owns which workspace."""
