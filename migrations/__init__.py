"""The steps that bring a database up to date, one file each, and how to run them."""
