"""Small real data that ships in the package."""

from sklstm.datasets.japanese_vowels import load_japanese_vowels

__all__ = ["load_japanese_vowels"]
