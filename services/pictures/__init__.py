"""Profile pictures: read and drawn on in a bounded process, for pictures are strangers' bytes."""
