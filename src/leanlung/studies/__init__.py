"""Where images come from: studies, cohorts, their archives, splits and the sealed test part."""
