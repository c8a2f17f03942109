import re

from hypothesis import given
from hypothesis import strategies as st

from concierge_admin.theme import contrast, style_sheet

COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
Rgb = tuple[float, float, float]


def palettes(brand: str) -> list[dict[str, Rgb]]:
    return [dict(read(block)) for block in re.findall(r"\{(.*?)\}", style_sheet(brand))]


def read(block: str) -> list[tuple[str, Rgb]]:
    found = re.findall(r"--c-([a-z]+):#([0-9a-f]{6})", block)
    return [(name, tuple(int(h[i : i + 2], 16) / 255 for i in (0, 2, 4))) for name, h in found]  # type: ignore[misc]


@given(COLOURS)
def test_text_reads_well_whatever_colour_the_hotel_has(brand: str) -> None:
    for palette in palettes(brand):
        for ground in ("paper", "surface", "wash"):
            assert contrast(palette["accent"], palette[ground]) >= 4.5
            assert contrast(palette["quiet"], palette[ground]) >= 4.5
            assert contrast(palette["ink"], palette[ground]) >= 7
        assert contrast(palette["quiet"], palette["sunken"]) >= 4.5
        assert contrast((1.0, 1.0, 1.0), palette["solid"]) >= 4.5


@given(COLOURS)
def test_the_edges_of_controls_can_be_seen(brand: str) -> None:
    for palette in palettes(brand):
        assert contrast(palette["edge"], palette["surface"]) >= 3


def test_a_colour_that_already_reads_well_stays_as_it_is() -> None:
    assert "--c-accent:#1d4f6e" in style_sheet("#1d4f6e")


def test_something_else_than_a_colour_does_no_harm() -> None:
    assert style_sheet("red;}body{display:none") == style_sheet("#2f4f4f")
