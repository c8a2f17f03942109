"""The guest's web chat: WebSocket, REST, the hosted page and the embeddable widget."""
