"""The stages of a run: fit, prune, choose, evaluate, export; each fills folders of its own."""
