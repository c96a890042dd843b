"""The findings of squawk, a linter of other authors, as problems of the files: an optional second opinion."""
