"""The shared kernel: domain rules, storage, fan-out and the wire models that the apps speak among themselves."""
