"""The `ConciergeTenant` of a property: its typed model, the files it is read from, its secrets and its CRD schema."""
