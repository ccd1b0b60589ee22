"""The reviewer's copy: voice changed, details masked in words and sound, or withheld (docs/formats/review.md)."""
