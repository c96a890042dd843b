"""Objects that the files of a folder make, lose and use: what one file alone does not show."""
