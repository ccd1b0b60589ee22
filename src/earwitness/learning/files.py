"""The names of the files a release may have; docs/formats/learning.md says what is in each."""

from typing import Final

TAUGHT: Final = "taught.json"
MEANS: Final = "means.npz"
MODEL: Final = "understanding/model.json"
WEIGHTS: Final = "understanding/weights.npz"
VERIFIER: Final = "verifier.npz"
