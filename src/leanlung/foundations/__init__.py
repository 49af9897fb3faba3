"""What every room stands on: errors, seeds, fingerprints, files and tables."""
