"""Trellis beside its peers, measured in the same run: ``python -m benchmarks [--quick] [--write] [NAME ...]``."""
