"""Slips of the finger. Pure."""

from __future__ import annotations


def one_slip(typed: str, meant: str) -> bool:
    """Whether `typed` is `meant` with a letter more, a letter less, another letter, or two neighbours swapped."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    same = next((at for at, pair in enumerate(zip(typed, meant, strict=False)) if pair[0] != pair[1]), None)
    if same is None:
        return True
    left, right = typed[same:], meant[same:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped
