"""From a person's clinical record to phenotypes with their source and date."""
