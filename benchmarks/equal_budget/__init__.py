"""Criteria side by side at equal budget: same data, rounds, retraining and seeds."""
