import json
from pathlib import Path

import pytest

from concierge_admin import extract, wording
from concierge_admin.wording import Wording


def test_the_catalogue_for_translators_is_complete() -> None:
    assert extract.CATALOGUE.read_text("utf-8") == extract.written(extract.texts()), (
        "run: python -m concierge_admin.extract"
    )


def test_no_template_text_is_left_out() -> None:
    found = extract.texts()

    assert "Take over" in found  # in a macro's argument
    assert "Waiting %(time)s" in found  # with a value
    assert found["%(num)s source"] == ["%(num)s source", "%(num)s sources"]
    assert "There is a new message. Your draft is kept: read what is new, then send it or change it." in found


def test_a_translation_is_a_file_and_what_it_lacks_stays_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "de.json").write_text(
        json.dumps({"Inbox": "Posteingang", "%(count)s day": ["%(count)s Tag", "%(count)s Tage"]})
    )
    monkeypatch.setattr(wording, "_CATALOGUES", tmp_path)
    wording.wording.cache_clear()

    german = wording.wording("de")

    assert german.say("Inbox") == "Posteingang"
    assert german.ngettext("%(count)s day", "%(count)s days", 3) == "%(count)s Tage"
    assert german.say("Requests") == "Requests"
    assert wording.wording("../de").say("Inbox") == "Inbox"
    wording.wording.cache_clear()


def test_values_are_filled_in() -> None:
    assert Wording({}).say("Room %(number)s", number=204) == "Room 204"
    assert Wording({}).say("100 % sure") == "100 % sure"
