"""Every kind of calendar as one kind of peer: what its person does there, and what goes wrong on the way to it."""
