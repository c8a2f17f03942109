"""What stored values are called on screen. English here, translated where it is shown (`_(labels.…)`)."""

from __future__ import annotations

from typing import Any

from concierge_admin.wording import N_
from concierge_core.domain.requests import CONTACT_GUEST

STATUS = {
    "open": N_("Concierge answers"),
    "waiting": N_("Waiting for a person"),
    "with_staff": N_("With staff"),
    "closed": N_("Closed"),
}
CHANNEL = {"web": N_("Web chat"), "voice": N_("Phone call"), "sms": N_("SMS"), "whatsapp": N_("WhatsApp")}
CHANNEL_ICON = {"web": "web", "voice": "phone", "sms": "sms", "whatsapp": "sms"}
SENTIMENT = {"positive": N_("Pleased"), "neutral": N_("Neutral"), "negative": N_("Unhappy")}
RUNG = {
    "gemini": N_("AI model"),
    "second": N_("Second AI model"),
    "embedded": N_("Built-in answerer"),
    "handoff": N_("Hand-off"),
    "notice": N_("Fixed notice"),
}
AUTHOR = {"guest": N_("Guest"), "concierge": N_("Concierge"), "staff": N_("Staff"), "system": N_("System")}
REQUEST_STATE = {
    "open": N_("New"),
    "accepted": N_("Accepted"),
    "on_the_way": N_("On the way"),
    "done": N_("Done"),
    "cancelled": N_("Cancelled"),
}
PRIORITY = {"low": N_("Low"), "normal": N_("Normal"), "high": N_("High"), "urgent": N_("Urgent")}
ROLE = {"agent": N_("Front desk"), "manager": N_("Manager"), "admin": N_("Administrator")}
VERIFICATION = {
    0: N_("Not verified"),
    1: N_("In house"),
    2: N_("Verified"),
    3: N_("Approved by staff"),
}
INTENT = {
    "greeting": N_("Greeting"),
    "thanks": N_("Thanks"),
    "goodbye": N_("Goodbye"),
    "faq": N_("Question"),
    "service_request": N_("Service request"),
    "complaint": N_("Complaint"),
    "person": N_("Wants a person"),
    "emergency": N_("Emergency"),
    "booking": N_("Booking"),
    "change_booking": N_("Change of booking"),
    "cancel": N_("Cancellation"),
    "billing": N_("Bill"),
    "lost_item": N_("Lost property"),
    "feedback": N_("Feedback"),
    "smalltalk": N_("Small talk"),
    "out_of_scope": N_("Out of scope"),
    "other": N_("Other"),
}
HANDOFF_REASON = {
    # What the message was about is a reason, too.
    **INTENT,
    "guest_wish": N_("The guest asked for a person"),
    "concierge_failed": N_("The concierge could not reply"),
    "low_confidence": N_("The concierge was not sure"),
    "no_source": N_("Nothing in the knowledge answers this"),
    "complaint": N_("The guest complains"),
    "emergency": N_("Emergency"),
    "sentiment": N_("The guest is unhappy"),
    "keyword": N_("A word that you chose to watch for"),
}
LANGUAGE = {
    "ar": N_("Arabic"),
    "cs": N_("Czech"),
    "da": N_("Danish"),
    "de": N_("German"),
    "en": N_("English"),
    "es": N_("Spanish"),
    "fr": N_("French"),
    "it": N_("Italian"),
    "ja": N_("Japanese"),
    "nl": N_("Dutch"),
    "pl": N_("Polish"),
    "pt": N_("Portuguese"),
    "ru": N_("Russian"),
    "sv": N_("Swedish"),
    "tr": N_("Turkish"),
    "uk": N_("Ukrainian"),
    "zh": N_("Chinese"),
}
REQUEST_FORM_KIND = {
    "contact_guest": N_("Contact the guest"),
    "towels": N_("Towels and linen"),
    "cleaning": N_("Cleaning"),
    "repair": N_("Something is broken"),
    "luggage": N_("Luggage"),
    "food": N_("Food and drinks"),
    "taxi": N_("Taxi"),
    "late_checkout": N_("Late check-out"),
    "other": N_("Something else"),
}
"""Offered in the form for a request made by hand."""
REQUEST_KIND = {
    **INTENT,
    **REQUEST_FORM_KIND,
    "toiletries": N_("Toiletries"),
    "housekeeping": N_("Cleaning"),
    "iron": N_("Iron"),
    "hairdryer": N_("Hairdryer"),
    "beds": N_("Beds"),
    "bedding": N_("Pillows and blankets"),
    "extra_bed": N_("Extra bed"),
    "laundry": N_("Laundry"),
    "power": N_("Adapter or charger"),
    "water": N_("Water"),
    "coffee": N_("Coffee and tea"),
    "room_service": N_("Room service"),
    "wake_up": N_("Wake-up call"),
    "shuttle": N_("Shuttle"),
    "key": N_("Room key"),
    "late_check_out": N_("Late check-out"),
}


ACTION = {
    "account.created": N_("Account made"),
    "account.signed_in": N_("Signed in"),
    "account.signed_out": N_("Signed out"),
    "account.password_set": N_("Password set"),
    "handoff": N_("Conversation passed to staff"),
    "conversation.taken_over": N_("Conversation taken over"),
    "conversation.handed_back": N_("Conversation handed back"),
    "conversation.closed": N_("Conversation closed"),
    "request.made": N_("Request made"),
    "request.open": N_("Request opened again"),
    "request.accepted": N_("Request accepted"),
    "request.on_the_way": N_("Request on the way"),
    "request.done": N_("Request done"),
    "request.cancelled": N_("Request cancelled"),
    "knowledge.saved": N_("Article saved"),
    "knowledge.dropped": N_("Article removed"),
    "setting.overridden": N_("Setting changed"),
    "setting.dropped": N_("Setting as declared again"),
}


def of(table: dict[Any, str], value: object) -> str:
    """The label, or for a value that came later than this list, the value made readable."""
    return table.get(value) or str(value).replace("_", " ").capitalize()


def handoff_reason(kind: str, summary: str) -> str | None:
    """The reason that a request for a call back carries instead of somebody's words; None for any other request."""
    return HANDOFF_REASON.get(summary.replace(" ", "_")) if kind == CONTACT_GUEST else None


def text_direction(language: str | None) -> str:
    """The direction of a guest's text."""
    return "rtl" if language in {"ar", "fa", "he", "ur"} else "ltr"
