"""Telling the property's people and systems that a guest needs a person: e-mail and signed webhooks.

An event (`occasion`) fans out into one delivery per address (`plan`), each its own task with its own retries. Nothing
here carries what a guest wrote: who it is, why a person is needed, and the way to the conversation.
"""
