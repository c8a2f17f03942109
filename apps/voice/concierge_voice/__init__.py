"""Calls: Twilio asks what to say by webhook, and is answered in TwiML from the same use cases as the chat."""
