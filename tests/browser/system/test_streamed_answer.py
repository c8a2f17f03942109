"""With Gemini (played on loopback) a reply reaches the guest sentence by sentence, each after its check."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_first_sentence_is_read_while_the_next_is_still_being_spoken(start_house, start_gemini, visit):
    house = start_house(
        "strandhaus-ruegen.yaml", env={"GEMINI_API_KEY": "loopback", "CONCIERGE_GEMINI_BASE_URL": start_gemini(8)}
    )
    guest = visit(house.url)
    _until_gemini_speaks(guest)
    guest.log.evaluate(_REMEMBER)

    guest.write("When is the pool open?")

    reply = guest.log.get_by_role("article").last
    expect(reply).to_contain_text("for free", timeout=30_000)
    expect(reply).to_contain_text("21:00")
    expect(reply).to_contain_text("From:")
    assert [text for text in guest.page.evaluate("shown") if "21:00" in text and "for free" not in text]
    house.stop()


_REMEMBER = """log => {
  window.shown = [];
  const note = () => shown.push([...log.querySelectorAll("article")].at(-1).textContent);
  new MutationObserver(note).observe(log, { childList: true, subtree: true });
}"""
"""Notes whatever the newest message has ever said, however seldom the test gets to look."""


def _until_gemini_speaks(guest) -> None:
    """The model's client is imported beside the first seconds of service; till then the embedded answerer speaks."""
    for number in range(1, 20):
        guest.write("Do you have parking?")
        replies = guest.log.get_by_role("article").filter(has_text="From:")
        started = guest.page.evaluate("performance.now()")
        expect(replies).to_have_count(number, timeout=30_000)
        # At eight words a second a model takes seconds; the embedded answerer does not.
        if guest.page.evaluate("performance.now()") - started > 3000:
            return
    raise AssertionError("Gemini never spoke")
