"""Pure builders of Block Kit: values in, dicts out."""
