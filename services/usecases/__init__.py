"""What people ask for: one module for each thing that somebody wants done."""
