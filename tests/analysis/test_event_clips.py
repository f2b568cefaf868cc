"""Clips around the largest events, and what plays them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from helpers.scenes import FIELD, make_movie
from hypothesis import given
from hypothesis import strategies as st

from napari_isx import IsxFileError
from napari_isx.analysis.event_clips import (
    Clip,
    ClipEvent,
    Player,
    loop_clips,
    read_clip,
    read_loop,
)


def clips_of(frames, amplitudes, num_frames=1000, **kwargs):
    options = {"before_s": 1.0, "after_s": 2.0} | kwargs
    return loop_clips(np.array(frames), np.array(amplitudes, float), num_frames, 0.1, **options)


def ranges(clips):
    return [(clip.start, clip.stop) for clip in clips]


def test_the_largest_events_come_first():
    clips = clips_of([100, 300, 500], [2, 9, 5], max_clips=2)
    assert ranges(clips) == [(290, 321), (490, 521)]
    assert clips[0].events == (ClipEvent(1, 300, 9.0),)
    assert [len(clip) for clip in clips] == [31, 31]


def test_clips_that_overlap_or_touch_become_one():
    clips = clips_of([100, 115, 131 + 31, 400], [2, 9, 1, 3])
    assert ranges(clips) == [(90, 136), (390, 421), (152, 183)]
    assert [event.number for event in clips[0].events] == [0, 1]
    assert clips[0].amplitude == 9
    assert ranges(clips_of([100, 131], [1, 2])) == [(90, 152)], "one ends where the other starts"
    assert len(clips_of([100, 132], [1, 2])) == 2


def test_clips_end_with_the_movie():
    assert ranges(clips_of([3, 997], [2, 1])) == [(0, 24), (987, 1000)]
    assert clips_of([-1, 1000], [2, 1]) == []
    assert clips_of([], []) == []


def test_events_without_amplitude_come_last():
    assert ranges(clips_of([100, 300], [np.nan, 1])) == [(290, 321), (90, 121)]


def test_a_frame_shows_the_event_nearest_to_it():
    clip = Clip(90, 136, (ClipEvent(0, 100, 2.0), ClipEvent(1, 115, 9.0)))
    assert [clip.event_at(frame).number for frame in (90, 107, 108, 135)] == [0, 0, 1, 1]


@given(
    st.lists(st.integers(-5, 205), max_size=30),
    st.integers(1, 12),
    st.floats(0, 3),
    st.floats(0, 3),
)
def test_clips_are_apart_and_have_all_the_largest_events(frames, most, before_s, after_s):
    amplitudes = np.arange(len(frames), dtype=float)
    clips = loop_clips(
        np.array(frames, np.int64),
        amplitudes,
        200,
        0.1,
        before_s=before_s,
        after_s=after_s,
        max_clips=most,
    )
    inside = [i for i, frame in enumerate(frames) if 0 <= frame < 200]
    shown = sorted(event.number for clip in clips for event in clip.events)
    assert shown == inside[-most:]
    for clip in clips:
        assert 0 <= clip.start < clip.stop <= 200
        assert all(clip.start <= event.frame < clip.stop for event in clip.events)
    in_time = sorted(ranges(clips))
    assert all(a[1] < b[0] for a, b in pairwise(in_time))
    assert [clip.amplitude for clip in clips] == sorted(
        (clip.amplitude for clip in clips), reverse=True
    )


def test_a_clip_has_the_movies_frames(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    pixels = read_clip(movie, Clip(5, 9, ()), (slice(2, 5), slice(1, 8)))
    assert pixels.shape == (4, 3, 7)
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels[:, 0, 0], [5, 6, 7, 8])
    assert read_clip(movie, Clip(5, 6, ())).shape == (1, *FIELD)


def test_a_missing_frame_looks_like_the_one_before(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", dropped=[10, 12, 13]))
    shown = read_clip(movie, Clip(10, 16, ()))[:, 0, 0]
    stored = movie[10:16][:, 0, 0]
    assert shown.tolist() == [0, stored[1], stored[1], stored[1], stored[4], stored[5]]


def test_color_keeps_its_axis(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", dtype="rgb"))
    assert read_clip(movie, Clip(1, 3, ()), (slice(0, 4), slice(0, 5))).shape == (2, 4, 5, 3)


def test_the_loop_grows_clip_by_clip(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    clips = clips_of([10, 30], [1, 2], len(movie), before_s=0.2, after_s=0.3)
    times = movie.timing.times_s + 7
    loops = list(read_loop(movie, clips, times[[10, 30]], times, (slice(0, 4), slice(0, 5))))
    assert [len(loop.clips) for loop in loops] == [len(loop.pixels) for loop in loops] == [1, 2]
    assert [len(pixels) for pixels in loops[1].pixels] == [len(clip) for clip in clips]
    low, high = loops[1].limits
    assert low < 12 < 28 < high
    assert loops[1].period_s == 0.05
    assert loops[1].sample_times_s[clips[0].events[0].frame] == pytest.approx(7 + 30 * 0.05)


def test_a_file_that_was_cut_short_is_an_error(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    movie.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match="shortened"):
        read_clip(movie, Clip(5, 9, ()))


def test_the_player_goes_at_the_movies_speed_through_all_clips():
    player = Player([3, 2], 0.1)
    assert player.position == (0, 0)
    positions = [player.tick(0.1) for _ in range(6)]
    assert positions == [(0, 1), (0, 2), (1, 0), (1, 1), (0, 0), (0, 1)]
    player.speed = 4
    assert player.tick(0.05) == (1, 0)
    assert player.tick(0.04) == (1, 1), "parts of frames add up"


def test_time_adds_up_to_whole_frames():
    player = Player([1000], 0.05)
    for _ in range(500):
        player.tick(0.05)
    assert player.position == (0, 500)


def test_the_player_pauses_and_seeks():
    player = Player([3, 2], 0.1)
    player.playing = False
    assert player.tick(5.0) == (0, 0)
    player.seek(1, 1)
    assert player.position == (1, 1)
    player.playing = True
    assert player.tick(0.1) == (0, 0)
