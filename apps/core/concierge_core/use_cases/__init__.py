"""What the product does, one function a deed: load, decide (pure, in `domain`), store, tell.

Every use case takes the runtime first, works in one transaction, and publishes only after the commit.
"""
